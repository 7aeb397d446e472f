-- Why: which periods of a plan are published is asked with each change of it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS publications_by_plan ON publications (plan_id, period_id);
