-- Why: each sign-out removes the revocations whose tokens have run out, without reading all others.
CREATE INDEX CONCURRENTLY IF NOT EXISTS revoked_tokens_by_expiry ON revoked_tokens (expires_at);
