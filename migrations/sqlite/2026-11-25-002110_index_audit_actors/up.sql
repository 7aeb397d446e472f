-- Why: an auditor asks what one person did, among all that others did.
CREATE INDEX audit_events_by_actor ON audit_events (chain, actor_id, seq);
