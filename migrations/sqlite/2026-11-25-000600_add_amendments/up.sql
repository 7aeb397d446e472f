-- Why: an issued plan changes only by amendment, and what was in force before stays known (RULES §6).

CREATE TABLE amendments (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    number TEXT NOT NULL,
    decided_on DATE NOT NULL,
    effective_on DATE NOT NULL,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'approved')),
    created_by TEXT NOT NULL REFERENCES accounts (id),
    created_at TIMESTAMP NOT NULL,
    approved_by TEXT REFERENCES accounts (id),
    approved_at TIMESTAMP,
    version BIGINT NOT NULL,
    CONSTRAINT amendments_number UNIQUE (plan_id, number)
);
CREATE INDEX amendments_by_plan ON amendments (plan_id, id);

-- The definitions that an indicator had before; its row holds the one in force now.
CREATE TABLE measure_versions (
    item_id TEXT NOT NULL REFERENCES plan_items (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    measure TEXT NOT NULL,
    replaced_from DATE NOT NULL,
    PRIMARY KEY (item_id, number)
);

ALTER TABLE plan_items ADD COLUMN effective_from DATE;
ALTER TABLE plan_items ADD COLUMN definition_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE plan_items ADD COLUMN carried_from_id TEXT REFERENCES plan_items (id);
ALTER TABLE assignments ADD COLUMN withdrawn_from DATE;

DROP VIEW owed_figures;

-- RULES §4: the frequency meets the kind of period, and unit, assignment and item exist at its cut-off.
-- tests/api/periods.rs and tests/api/amendments.rs hold which frequency owes in which period.
CREATE VIEW owed_figures AS
SELECT
    a.item_id,
    a.unit_id,
    p.id AS period_id,
    p.plan_id,
    p.ward_id,
    a.obligation,
    p.opens_at,
    COALESCE(
        (SELECT MAX(e.until) FROM extensions e
         WHERE e.period_id = p.id AND e.unit_id = a.unit_id AND e.moves_due AND e.until > p.due_at),
        p.due_at
    ) AS due_at,
    COALESCE(
        (SELECT MAX(e.until) FROM extensions e
         WHERE e.period_id = p.id AND e.unit_id = a.unit_id AND e.until > p.hard_close_at),
        p.hard_close_at
    ) AS closes_at
FROM assignments a
JOIN plan_items i ON i.id = a.item_id
JOIN units u ON u.id = a.unit_id
JOIN periods p ON p.plan_id = i.plan_id
WHERE u.active_from <= p.data_to
    AND (u.active_to IS NULL OR u.active_to >= p.data_to)
    AND (a.effective_from IS NULL OR a.effective_from <= p.data_to)
    AND (a.withdrawn_from IS NULL OR a.withdrawn_from > p.data_to)
    AND (i.effective_from IS NULL OR i.effective_from <= p.data_to)
    AND (i.withdrawn_from IS NULL OR i.withdrawn_from > p.data_to)
    AND (
        (a.frequency = 'monthly' AND p.kind IN ('month', 'year'))
        OR (a.frequency = 'quarterly' AND p.mandatory AND p.kind IN ('quarter', 'half_year', 'year'))
        OR (a.frequency = 'half_yearly' AND p.kind IN ('half_year', 'year'))
        OR (a.frequency = 'yearly' AND p.kind = 'year')
    );
