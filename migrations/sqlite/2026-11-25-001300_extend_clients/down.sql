-- Why: back to clients that never end, call from anywhere and have one secret.

ALTER TABLE clients DROP COLUMN last_used_at;
ALTER TABLE clients DROP COLUMN previous_secret_until;
ALTER TABLE clients DROP COLUMN previous_secret_hash;
ALTER TABLE clients DROP COLUMN allowed_networks;
ALTER TABLE clients DROP COLUMN expires_at;
