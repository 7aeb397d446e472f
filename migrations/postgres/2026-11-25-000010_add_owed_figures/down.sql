-- Why: back to periods whose closing time is the same for every unit.

DROP VIEW owed_figures;
DROP TABLE extensions;
ALTER TABLE assignments DROP COLUMN effective_from;
ALTER TABLE plan_items DROP COLUMN withdrawn_from;
