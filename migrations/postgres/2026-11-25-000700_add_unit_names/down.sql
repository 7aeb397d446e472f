-- Why: back to units that have one name and end without anybody to act for them.
DROP INDEX units_by_acting;
ALTER TABLE units DROP COLUMN acting_unit_id;
DROP TABLE unit_names;
