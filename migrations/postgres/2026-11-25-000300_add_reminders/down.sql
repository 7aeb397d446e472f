-- Why: without reminders nothing counts how often a unit was chased.
DROP TABLE reminders;
