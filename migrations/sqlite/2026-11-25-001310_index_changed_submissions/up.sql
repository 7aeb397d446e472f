-- Why: other systems ask for what changed since they last asked, in the order in which it changed.

CREATE INDEX submissions_by_change ON submissions (ward_id, updated_at, id);
