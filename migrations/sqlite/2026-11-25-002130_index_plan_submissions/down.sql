-- Why: the way back from submissions_by_plan.
DROP INDEX submissions_by_plan;
