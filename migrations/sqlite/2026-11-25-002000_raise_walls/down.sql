-- Why: back to a trail that only the chain of hashes guards.
DROP TRIGGER audit_events_not_deleted;
DROP TRIGGER audit_events_not_updated;
