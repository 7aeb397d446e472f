-- Why: back to decisions that everybody makes in their own right only.

ALTER TABLE decisions DROP COLUMN not_a_report;
ALTER TABLE decisions DROP COLUMN on_behalf_of;
DROP TABLE delegations;
