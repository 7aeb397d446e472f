-- Why: an item goes only if none was carried over from it, and that is asked of all items.
CREATE INDEX CONCURRENTLY IF NOT EXISTS plan_items_by_origin ON plan_items (carried_from_id) WHERE carried_from_id IS NOT NULL;
