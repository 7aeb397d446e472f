-- Why: the way back from publications_by_plan.
DROP INDEX publications_by_plan;
