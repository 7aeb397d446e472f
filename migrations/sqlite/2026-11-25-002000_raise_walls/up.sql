-- Why: what happened stays as it was written down. PostgreSQL has refused changes of audit events from the beginning, and
-- gets an application role and row-level security in this step; an embedded database has no roles, so this is its wall.
-- Safe beside the release before: it changes no audit event either.
CREATE TRIGGER audit_events_not_updated BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
-- Safe beside the release before: it changes no audit event either.
CREATE TRIGGER audit_events_not_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
