-- Why: the way back from reminders_by_item.
DROP INDEX reminders_by_item;
