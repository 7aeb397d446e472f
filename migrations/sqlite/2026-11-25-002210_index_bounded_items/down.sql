-- Why: the way back from plan_items_by_bound.
DROP INDEX plan_items_by_bound;
