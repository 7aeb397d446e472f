-- Why: the way back from plan_items_by_whole.
DROP INDEX plan_items_by_whole;
