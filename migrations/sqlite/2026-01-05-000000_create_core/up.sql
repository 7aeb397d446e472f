-- Why: the core of a reform plan's year: wards, people, plans, periods, figures, decisions, publications and their audit.

CREATE TABLE wards (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_en TEXT,
    area_code TEXT,
    public_results BOOLEAN NOT NULL,
    return_reasons TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE units (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    search_key TEXT NOT NULL,
    aliases TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('leadership', 'office', 'department', 'service_center', 'public_service_unit', 'school', 'front', 'vertical_agency')),
    is_standing_office BOOLEAN NOT NULL,
    parent_id TEXT REFERENCES units (id),
    active_from DATE NOT NULL,
    active_to DATE,
    successor_id TEXT REFERENCES units (id),
    version BIGINT NOT NULL,
    CONSTRAINT units_code UNIQUE (ward_id, code)
);
CREATE INDEX units_by_name ON units (ward_id, sort_key, id);
CREATE UNIQUE INDEX units_standing_office ON units (ward_id) WHERE is_standing_office;

CREATE TABLE calendar_days (
    ward_id TEXT NOT NULL REFERENCES wards (id),
    day DATE NOT NULL,
    working BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (ward_id, day)
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    username TEXT NOT NULL,
    full_name TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    search_key TEXT NOT NULL,
    position TEXT,
    roles TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    credential_version BIGINT NOT NULL,
    locked_until TIMESTAMP,
    active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT accounts_username UNIQUE (username)
);
CREATE INDEX accounts_by_ward ON accounts (ward_id, username);

CREATE TABLE sign_in_failures (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    failed_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_failures_by_account ON sign_in_failures (account_id, failed_at);

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    ward_id TEXT REFERENCES wards (id),
    unit_id TEXT REFERENCES units (id),
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    credential_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT clients_client_id UNIQUE (client_id)
);
CREATE INDEX clients_by_ward ON clients (ward_id, client_id);

CREATE TABLE refresh_tokens (
    id TEXT PRIMARY KEY,
    family_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    token_hash TEXT NOT NULL,
    credential_version BIGINT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    revoked_at TIMESTAMP,
    CONSTRAINT refresh_tokens_hash UNIQUE (token_hash)
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_account ON refresh_tokens (account_id);

CREATE TABLE revoked_tokens (
    jti TEXT PRIMARY KEY,
    expires_at TIMESTAMP NOT NULL
);

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    year INTEGER NOT NULL,
    title TEXT NOT NULL,
    number TEXT,
    issued_on DATE,
    legal_bases TEXT NOT NULL,
    note TEXT,
    basis TEXT CHECK (basis IN ('decree09', 'calendar')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'issued', 'closed')),
    version BIGINT NOT NULL,
    CONSTRAINT plans_year UNIQUE (ward_id, year)
);

CREATE TABLE plan_items (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    kind TEXT NOT NULL CHECK (kind IN ('section', 'indicator', 'task')),
    code TEXT NOT NULL,
    code_ascii TEXT NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT,
    title_lower TEXT NOT NULL,
    search_key TEXT NOT NULL,
    parent_id TEXT REFERENCES plan_items (id),
    position INTEGER NOT NULL,
    sort_path TEXT NOT NULL,
    field TEXT CHECK (field IN ('steering', 'institutions', 'procedures', 'organisation', 'civil_service', 'public_finance', 'digital_government', 'communication')),
    lead_unit_id TEXT REFERENCES units (id),
    tracking_unit_id TEXT REFERENCES units (id),
    note TEXT,
    sample BOOLEAN NOT NULL,
    measure_kind TEXT CHECK (measure_kind IN ('ratio', 'count', 'score', 'band', 'checklist')),
    numerator_label TEXT,
    denominator_label TEXT,
    measure_unit TEXT,
    aggregation TEXT CHECK (aggregation IN ('ratio_of_sums', 'sum', 'latest', 'survey', 'all_yes', 'reduction')),
    subset_of_id TEXT REFERENCES plan_items (id),
    no_more_than_id TEXT REFERENCES plan_items (id),
    control TEXT CHECK (control IN ('ward', 'shared', 'external')),
    conditional BOOLEAN NOT NULL,
    baseline_value BIGINT,
    baseline_year INTEGER,
    baseline_source TEXT,
    deliverable TEXT,
    starts_on DATE,
    due_on DATE,
    recurrence TEXT CHECK (recurrence IN ('once', 'weekly', 'monthly', 'quarterly', 'half_yearly', 'yearly', 'continuous', 'event')),
    version BIGINT NOT NULL,
    CONSTRAINT plan_items_code UNIQUE (plan_id, kind, code_ascii)
);
CREATE INDEX plan_items_by_path ON plan_items (plan_id, sort_path, id);
CREATE INDEX plan_items_by_parent ON plan_items (parent_id);

CREATE TABLE item_targets (
    id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL REFERENCES plan_items (id) ON DELETE CASCADE,
    tier TEXT NOT NULL CHECK (tier IN ('plan', 'operating')),
    comparator TEXT NOT NULL CHECK (comparator IN ('at_least', 'at_most', 'all', 'reduce_by', 'band_at_least', 'qualitative')),
    value BIGINT,
    unit TEXT,
    band TEXT,
    effective_from DATE NOT NULL
);
CREATE INDEX item_targets_by_item ON item_targets (item_id);

CREATE TABLE item_coordinators (
    item_id TEXT NOT NULL REFERENCES plan_items (id) ON DELETE CASCADE,
    unit_id TEXT NOT NULL REFERENCES units (id),
    PRIMARY KEY (item_id, unit_id)
);

CREATE TABLE assignments (
    item_id TEXT NOT NULL REFERENCES plan_items (id) ON DELETE CASCADE,
    unit_id TEXT NOT NULL REFERENCES units (id),
    frequency TEXT NOT NULL CHECK (frequency IN ('monthly', 'quarterly', 'half_yearly', 'yearly')),
    obligation TEXT NOT NULL CHECK (obligation IN ('must', 'request')),
    PRIMARY KEY (item_id, unit_id)
);
CREATE INDEX assignments_by_unit ON assignments (unit_id, item_id);

CREATE TABLE periods (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    code TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('month', 'quarter', 'half_year', 'nine_months', 'year', 'adhoc')),
    mandatory BOOLEAN NOT NULL,
    data_from DATE NOT NULL,
    data_to DATE NOT NULL,
    opens_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    hard_close_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT periods_code UNIQUE (plan_id, code)
);
CREATE INDEX periods_by_plan ON periods (plan_id, data_to, code);

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    item_id TEXT NOT NULL REFERENCES plan_items (id),
    period_id TEXT NOT NULL REFERENCES periods (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'verified', 'endorsed', 'approved', 'published', 'returned')),
    revision INTEGER NOT NULL,
    submitted_revision INTEGER NOT NULL,
    approved_revision INTEGER,
    published_revision INTEGER,
    content TEXT NOT NULL,
    verify_unit_id TEXT REFERENCES units (id),
    first_submitted_at TIMESTAMP,
    on_time BOOLEAN,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT submissions_once UNIQUE (item_id, period_id, unit_id)
);
CREATE INDEX submissions_by_ward ON submissions (ward_id, id);
CREATE INDEX submissions_by_period ON submissions (period_id, id);
CREATE INDEX submissions_by_unit ON submissions (unit_id, id);
CREATE INDEX submissions_by_state ON submissions (ward_id, state, id);

CREATE TABLE submission_drafters (
    submission_id TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    principal_id TEXT NOT NULL,
    PRIMARY KEY (submission_id, principal_id)
);

CREATE TABLE submission_revisions (
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    numerator BIGINT,
    denominator BIGINT,
    value BIGINT,
    band TEXT,
    applicability TEXT CHECK (applicability IN ('applies', 'not_applicable', 'unknown')),
    submitted_by TEXT NOT NULL REFERENCES accounts (id),
    submitted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (submission_id, number)
);

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    revision INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('submit', 'withdraw', 'verify', 'endorse', 'approve', 'return', 'reopen', 'correct', 'publish')),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    decided_by TEXT NOT NULL REFERENCES accounts (id),
    position TEXT,
    unit_id TEXT NOT NULL REFERENCES units (id),
    reason TEXT,
    reason_codes TEXT NOT NULL,
    pointers TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL
);
CREATE INDEX decisions_by_submission ON decisions (submission_id, id);

CREATE TABLE publications (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    period_id TEXT NOT NULL REFERENCES periods (id),
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    content TEXT NOT NULL,
    corrections TEXT NOT NULL,
    reported INTEGER NOT NULL,
    expected INTEGER NOT NULL,
    published_at TIMESTAMP NOT NULL,
    published_by TEXT NOT NULL REFERENCES accounts (id),
    withdrawn_at TIMESTAMP,
    withdrawn_by TEXT REFERENCES accounts (id),
    withdrawn_reason TEXT,
    version BIGINT NOT NULL,
    CONSTRAINT publications_number UNIQUE (period_id, number)
);

CREATE TABLE idempotency_keys (
    principal_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (principal_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_chains (
    chain TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- The chain of what belongs to no ward; a ward's own begins with the ward. The hash is SHA-256 of the chain's name.
INSERT INTO audit_chains (chain, seq, hash) VALUES ('city', 0, '11a62c23412b77477a71481aa2dc7323bcc61d076c8449076c4c58a8356c1bb1');

CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT,
    actor_position TEXT,
    on_behalf_of TEXT,
    unit_id TEXT,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    changes TEXT NOT NULL,
    reason TEXT,
    request_id TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_events_seq UNIQUE (chain, seq)
);
CREATE INDEX audit_events_by_subject ON audit_events (subject_id, seq);
