-- Why: an item goes only if no other is bounded by it, and that is asked of all items.
CREATE INDEX CONCURRENTLY IF NOT EXISTS plan_items_by_bound ON plan_items (no_more_than_id) WHERE no_more_than_id IS NOT NULL;
