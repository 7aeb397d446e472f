-- Why: the way back from audit_events_by_actor.
DROP INDEX audit_events_by_actor;
