-- Why: the reminders about an item go with it, and are found among those of all years.
CREATE INDEX CONCURRENTLY IF NOT EXISTS reminders_by_item ON reminders (item_id) WHERE item_id IS NOT NULL;
