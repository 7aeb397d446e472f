-- Why: the figures of a year that is over are listed without passing over those of later years.
CREATE INDEX submissions_by_plan ON submissions (plan_id, id);
