-- Why: the way back from plan_items_by_origin.
DROP INDEX plan_items_by_origin;
