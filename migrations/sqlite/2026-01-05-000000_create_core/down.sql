-- Why: takes the core away again, children before parents.

DROP TABLE audit_events;
DROP TABLE audit_chains;
DROP TABLE idempotency_keys;
DROP TABLE publications;
DROP TABLE decisions;
DROP TABLE submission_revisions;
DROP TABLE submission_drafters;
DROP TABLE submissions;
DROP TABLE periods;
DROP TABLE assignments;
DROP TABLE item_coordinators;
DROP TABLE item_targets;
DROP TABLE plan_items;
DROP TABLE plans;
DROP TABLE revoked_tokens;
DROP TABLE refresh_tokens;
DROP TABLE clients;
DROP TABLE sign_in_failures;
DROP TABLE accounts;
DROP TABLE calendar_days;
DROP TABLE units;
DROP TABLE wards;
