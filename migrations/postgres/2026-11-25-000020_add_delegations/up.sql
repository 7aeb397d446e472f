-- Why: an absent chairman or head gives dated authority away, and a decision says on whose behalf it was made.

CREATE TABLE delegations (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    grantor_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    delegate_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    version BIGINT NOT NULL
);
CREATE INDEX delegations_by_ward ON delegations (ward_id, id);
CREATE INDEX delegations_by_delegate ON delegations (delegate_id, ends_at);
CREATE INDEX delegations_by_grantor ON delegations (grantor_id, id);

ALTER TABLE decisions ADD COLUMN on_behalf_of TEXT COLLATE "C" REFERENCES accounts (id);
ALTER TABLE decisions ADD COLUMN not_a_report BOOLEAN NOT NULL DEFAULT FALSE;
