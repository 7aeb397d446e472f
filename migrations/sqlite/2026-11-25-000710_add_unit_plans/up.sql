-- Why: each unit makes its own plan from the ward's (plan V.1.a), and the ward sees which of its leaves nobody took up.

CREATE TABLE unit_plans (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    title TEXT NOT NULL,
    number TEXT,
    issued_on DATE,
    status TEXT NOT NULL CHECK (status IN ('draft', 'issued')),
    created_at TIMESTAMP NOT NULL,
    issued_at TIMESTAMP,
    issued_by TEXT REFERENCES accounts (id),
    version BIGINT NOT NULL,
    CONSTRAINT unit_plans_once UNIQUE (plan_id, unit_id)
);
CREATE INDEX unit_plans_by_plan ON unit_plans (plan_id, id);
CREATE INDEX unit_plans_by_unit ON unit_plans (unit_id);

CREATE TABLE unit_plan_items (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    unit_plan_id TEXT NOT NULL REFERENCES unit_plans (id),
    title TEXT NOT NULL,
    deliverable TEXT,
    starts_on DATE,
    due_on DATE,
    person_position TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX unit_plan_items_by_plan ON unit_plan_items (unit_plan_id, id);

CREATE TABLE unit_plan_links (
    unit_plan_item_id TEXT NOT NULL REFERENCES unit_plan_items (id) ON DELETE CASCADE,
    item_id TEXT NOT NULL REFERENCES plan_items (id),
    PRIMARY KEY (unit_plan_item_id, item_id)
);
CREATE INDEX unit_plan_links_by_item ON unit_plan_links (item_id);
