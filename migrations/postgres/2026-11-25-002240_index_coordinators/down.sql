-- Why: the way back from item_coordinators_by_unit.
DROP INDEX item_coordinators_by_unit;
