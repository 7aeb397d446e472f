-- Why: the way back from audit_events_by_kind.
DROP INDEX audit_events_by_kind;
