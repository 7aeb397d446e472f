-- Why: an item goes only if no other is a part of it, and that is asked of all items.
CREATE INDEX plan_items_by_whole ON plan_items (subset_of_id) WHERE subset_of_id IS NOT NULL;
