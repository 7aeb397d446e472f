-- Why: a filter that was forgotten in the code must not show one ward's rows to another. The application role sees the
-- rows of the ward that its connection names in `cchc.ward`, all of them under '*', and none where nothing is named.
-- The owner of the tables, who migrates, passes. `src/db/grants.rs` says what else the application role may.
--
-- The setting stands in a sub-select, so that it is read once per query and not once per row. `NULLIF(…, false) IS NOT
-- NULL` says the same as the condition in it, but the planner takes it for one that nearly every row fulfils. So it does:
-- the queries name their ward themselves. A plain comparison is counted once more for each table of a join, until the
-- planner expects no row at all and sorts a whole ward for a page of fifty.
-- Safe beside the release before: it connects as the owner of the tables, whom policies do not concern.
DO $$
DECLARE
    -- Tables, and the column that says whose a row is.
    owned TEXT[];
BEGIN
    FOREACH owned SLICE 1 IN ARRAY ARRAY[
        ['wards', 'id'],
        ['units', 'ward_id'],
        ['calendar_days', 'ward_id'],
        ['accounts', 'ward_id'],
        ['clients', 'ward_id'],
        ['plans', 'ward_id'],
        ['plan_items', 'ward_id'],
        ['periods', 'ward_id'],
        ['extensions', 'ward_id'],
        ['delegations', 'ward_id'],
        ['submissions', 'ward_id'],
        ['decisions', 'ward_id'],
        ['publications', 'ward_id'],
        ['reminders', 'ward_id'],
        ['audit_chains', 'chain'],
        ['audit_events', 'chain'],
        ['document_files', 'ward_id'],
        ['documents', 'ward_id'],
        ['comments', 'ward_id'],
        ['explanation_requests', 'ward_id'],
        ['assessments', 'ward_id'],
        ['obstacles', 'ward_id'],
        ['amendments', 'ward_id'],
        ['unit_plans', 'ward_id'],
        ['unit_plan_items', 'ward_id'],
        ['changes', 'ward_id'],
        ['webhook_subscriptions', 'ward_id'],
        ['outbox_heads', 'ward_id']
    ]
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned[1]);
        EXECUTE format(
            'CREATE POLICY of_ward ON %I USING '
            '(NULLIF((SELECT current_setting(''cchc.ward'', true)) IN (%I, ''*''), false) IS NOT NULL)',
            owned[1], owned[2]
        );
    END LOOP;
END
$$;

-- What hangs on a row is seen by whoever sees that row. OFFSET 0 keeps the planner from hashing the whole table of the
-- rows above instead of looking up the one.
-- Safe beside the release before: it connects as the owner of the tables, whom policies do not concern.
DO $$
DECLARE
    child TEXT[];
BEGIN
    FOREACH child SLICE 1 IN ARRAY ARRAY[
        ['sign_in_failures', 'account_id', 'accounts'],
        ['refresh_tokens', 'account_id', 'accounts'],
        ['sign_in_codes', 'account_id', 'accounts'],
        ['item_targets', 'item_id', 'plan_items'],
        ['item_coordinators', 'item_id', 'plan_items'],
        ['assignments', 'item_id', 'plan_items'],
        ['measure_versions', 'item_id', 'plan_items'],
        ['unit_names', 'unit_id', 'units'],
        ['unit_plan_links', 'unit_plan_item_id', 'unit_plan_items'],
        ['submission_drafters', 'submission_id', 'submissions'],
        ['submission_revisions', 'submission_id', 'submissions'],
        ['submission_evidence', 'submission_id', 'submissions'],
        ['revision_evidence', 'submission_id', 'submissions'],
        ['obstacle_steps', 'obstacle_id', 'obstacles'],
        ['webhook_deliveries', 'subscription_id', 'webhook_subscriptions'],
        ['webhook_attempts', 'delivery_id', 'webhook_deliveries']
    ]
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', child[1]);
        EXECUTE format(
            'CREATE POLICY of_ward ON %1$I USING (NULLIF((SELECT current_setting(''cchc.ward'', true)) = ''*'' '
            'OR EXISTS (SELECT 1 FROM %3$I above WHERE above.id = %1$I.%2$I OFFSET 0), false) IS NOT NULL)',
            child[1], child[2], child[3]
        );
    END LOOP;
END
$$;

-- An answer is kept for who asked, an account or a client.
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
-- Safe beside the release before: it connects as the owner of the tables, whom policies do not concern.
CREATE POLICY of_ward ON idempotency_keys USING (
    NULLIF(
        (SELECT current_setting('cchc.ward', true)) = '*'
        OR EXISTS (SELECT 1 FROM accounts WHERE accounts.id = principal_id OFFSET 0)
        OR EXISTS (SELECT 1 FROM clients WHERE clients.id = principal_id OFFSET 0),
        false
    ) IS NOT NULL
);

-- A trial is no ward's event; whoever sees its delivery sees it too, and whoever works somewhere may write one.
ALTER TABLE outbox_events ENABLE ROW LEVEL SECURITY;
-- Safe beside the release before: it connects as the owner of the tables, whom policies do not concern.
CREATE POLICY of_ward ON outbox_events USING (
    NULLIF(
        (SELECT current_setting('cchc.ward', true)) IN (ward_id, '*')
        OR EXISTS (SELECT 1 FROM webhook_deliveries WHERE event_id = outbox_events.id OFFSET 0),
        false
    ) IS NOT NULL
) WITH CHECK (
    (SELECT current_setting('cchc.ward', true)) IN (ward_id, '*')
    OR (ward_id IS NULL AND (SELECT current_setting('cchc.ward', true)) <> '')
);

-- Otherwise a view reads with the rights of its owner, past the policies.
ALTER VIEW owed_figures SET (security_invoker = true);

-- Whichever ward writes next removes what has become old in all of them: with the owner's rights, past the policies.
-- Its search path is fixed, with temporary tables last, so that nobody can put another table in this one's place.
CREATE FUNCTION forget_answers(before TIMESTAMP) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    DELETE FROM idempotency_keys WHERE created_at <= before
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION forget_answers SET search_path = %I, pg_temp', current_schema());
END
$$;
-- Safe beside the release before: it does not know the function.
REVOKE EXECUTE ON FUNCTION forget_answers FROM PUBLIC;
