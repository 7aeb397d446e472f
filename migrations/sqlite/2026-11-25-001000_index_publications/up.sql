-- Why: the public side asks for the newest publication that stands and for a ward's list without touching the contents.
CREATE INDEX publications_standing ON publications (period_id, number, published_at, id, hash) WHERE withdrawn_at IS NULL;
CREATE INDEX publications_by_ward ON publications (ward_id, id, version);
