-- Why: the standing office chases what is not in yet (plan V.2.a), and a list of overdue figures says how often it did.

-- Without an item a reminder is about all that the unit owes in the period.
CREATE TABLE reminders (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    period_id TEXT COLLATE "C" NOT NULL REFERENCES periods (id),
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    item_id TEXT COLLATE "C" REFERENCES plan_items (id) ON DELETE CASCADE,
    message TEXT COLLATE "C",
    sent_by TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    sent_at TIMESTAMP NOT NULL
);
CREATE INDEX reminders_by_period ON reminders (period_id, id);
CREATE INDEX reminders_by_unit ON reminders (unit_id, period_id, sent_at);
