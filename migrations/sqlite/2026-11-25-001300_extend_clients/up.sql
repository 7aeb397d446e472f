-- Why: a machine client ends by itself, calls from its own networks only, and changes its secret without standing still.

ALTER TABLE clients ADD COLUMN expires_at TIMESTAMP;
ALTER TABLE clients ADD COLUMN allowed_networks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN previous_secret_hash TEXT;
ALTER TABLE clients ADD COLUMN previous_secret_until TIMESTAMP;
ALTER TABLE clients ADD COLUMN last_used_at TIMESTAMP;
