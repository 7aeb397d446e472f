-- Why: an auditor asks for one kind of event, and a ward has hundreds of thousands of others.
CREATE INDEX audit_events_by_kind ON audit_events (chain, kind, seq);
