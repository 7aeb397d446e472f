-- Why: back to lists that are read newest first only.

DROP INDEX submissions_by_change;
