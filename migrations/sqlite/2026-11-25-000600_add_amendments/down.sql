-- Why: takes amendments away again, and what they kept of the time before.

DROP VIEW owed_figures;
ALTER TABLE assignments DROP COLUMN withdrawn_from;
ALTER TABLE plan_items DROP COLUMN carried_from_id;
ALTER TABLE plan_items DROP COLUMN definition_version;
ALTER TABLE plan_items DROP COLUMN effective_from;
DROP TABLE measure_versions;
DROP TABLE amendments;

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
    AND (i.withdrawn_from IS NULL OR i.withdrawn_from > p.data_to)
    AND (
        (a.frequency = 'monthly' AND p.kind IN ('month', 'year'))
        OR (a.frequency = 'quarterly' AND p.mandatory AND p.kind IN ('quarter', 'half_year', 'year'))
        OR (a.frequency = 'half_yearly' AND p.kind IN ('half_year', 'year'))
        OR (a.frequency = 'yearly' AND p.kind = 'year')
    );
