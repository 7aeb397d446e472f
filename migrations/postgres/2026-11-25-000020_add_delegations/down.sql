ALTER TABLE decisions DROP COLUMN not_a_report;
ALTER TABLE decisions DROP COLUMN on_behalf_of;
DROP TABLE delegations;
