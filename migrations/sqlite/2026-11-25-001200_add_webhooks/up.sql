-- Why: other systems are told of what happened, signed and in order, and again until it arrives.

-- A subscription belongs to a machine client and goes with it. Its secrets are derived from the signing key and the
-- version here, so none is kept.
CREATE TABLE webhook_subscriptions (
    id TEXT PRIMARY KEY,
    ward_id TEXT REFERENCES wards (id),
    client_row_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    disabled_reason TEXT CHECK (disabled_reason IN ('gone')),
    secret_version BIGINT NOT NULL,
    previous_secret_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX webhook_subscriptions_by_ward ON webhook_subscriptions (ward_id, id);
CREATE INDEX webhook_subscriptions_by_client ON webhook_subscriptions (client_row_id, id);

-- The last number given in each ward.
CREATE TABLE outbox_heads (
    ward_id TEXT PRIMARY KEY REFERENCES wards (id),
    seq BIGINT NOT NULL
);

-- What was announced, written with the change itself. A ping is of no ward.
CREATE TABLE outbox_events (
    id TEXT PRIMARY KEY,
    ward_id TEXT REFERENCES wards (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    unit_id TEXT REFERENCES units (id),
    data TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    CONSTRAINT outbox_events_seq UNIQUE (ward_id, seq)
);
CREATE INDEX outbox_events_by_time ON outbox_events (at);

-- One event for one subscription. No foreign key to the subscription: whoever deletes one must not make the change fail
-- that announces something to it at the same moment. What is left behind is swept.
CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    subscription_id TEXT NOT NULL,
    event_id TEXT NOT NULL REFERENCES outbox_events (id),
    queue TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    queued_at TIMESTAMP NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    leased_by TEXT,
    last_status INTEGER,
    last_error TEXT,
    finished_at TIMESTAMP
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (subscription_id, queue, seq) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_subscription ON webhook_deliveries (subscription_id, id);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (subscription_id, state, id);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_by_queued ON webhook_deliveries (queued_at);

-- What came of each attempt; the schedule of retries bounds their number.
CREATE TABLE webhook_attempts (
    id TEXT PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    at TIMESTAMP NOT NULL,
    status INTEGER,
    error TEXT,
    millis BIGINT NOT NULL
);
CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (delivery_id, id);
