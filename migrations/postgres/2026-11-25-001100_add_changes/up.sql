-- Why: whoever keeps a copy of the published figures asks what was published, corrected or withdrawn since it last asked.

-- One row: the number of the newest change. Whoever adds a change takes the next number from here.
CREATE TABLE change_heads (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);

-- The id is what a cursor names: a number would tell one ward how much the others publish.
CREATE TABLE changes (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('published', 'corrected', 'withdrawn')),
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    publication_id TEXT COLLATE "C" NOT NULL REFERENCES publications (id),
    at TIMESTAMP NOT NULL
);
CREATE INDEX changes_by_ward ON changes (ward_id, seq);

-- What happened before, in the order of time.
INSERT INTO changes (seq, id, kind, ward_id, publication_id, at)
SELECT
    row_number() OVER (ORDER BY at, step, number, publication_id),
    gen_random_uuid()::text,
    kind, ward_id, publication_id, at
FROM (
    SELECT published_at AS at, 0 AS step, number, id AS publication_id, ward_id,
        CASE WHEN corrections = '[]' THEN 'published' ELSE 'corrected' END AS kind
    FROM publications
    UNION ALL
    SELECT withdrawn_at, 1, number, id, ward_id, 'withdrawn' FROM publications WHERE withdrawn_at IS NOT NULL
) AS past;
INSERT INTO change_heads (id, seq) SELECT 1, count(*) FROM changes;

-- What was told once stays as it was told: copies were made of it.
CREATE FUNCTION refuse_feed_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'changes are append-only';
END
$$;
CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_feed_change();
