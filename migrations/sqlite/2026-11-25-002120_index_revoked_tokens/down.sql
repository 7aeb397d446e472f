-- Why: the way back from revoked_tokens_by_expiry.
DROP INDEX revoked_tokens_by_expiry;
