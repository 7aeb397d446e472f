-- Why: what people say about figures is kept beside them: comments, asked explanations, findings, obstacles, and how much of a jump needs a note.

ALTER TABLE wards ADD COLUMN jump_percent BIGINT;

CREATE TABLE comments (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    text TEXT NOT NULL,
    author_id TEXT NOT NULL REFERENCES accounts (id),
    position TEXT,
    unit_id TEXT NOT NULL REFERENCES units (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX comments_by_submission ON comments (submission_id, id);

CREATE TABLE explanation_requests (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    asked_by TEXT NOT NULL REFERENCES accounts (id),
    asked_position TEXT,
    asked_unit_id TEXT NOT NULL REFERENCES units (id),
    asked_at TIMESTAMP NOT NULL,
    cause TEXT CHECK (cause IN ('objective', 'subjective')),
    what_happened TEXT,
    remedy TEXT,
    new_date DATE,
    answered_by TEXT REFERENCES accounts (id),
    answered_position TEXT,
    answered_at TIMESTAMP,
    version BIGINT NOT NULL
);
CREATE INDEX explanation_requests_by_submission ON explanation_requests (submission_id, id);
CREATE INDEX explanation_requests_by_ward ON explanation_requests (ward_id, id);
CREATE INDEX explanation_requests_by_unit ON explanation_requests (unit_id, id);
CREATE INDEX explanation_requests_open ON explanation_requests (ward_id, id) WHERE answered_at IS NULL;

CREATE TABLE assessments (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    submission_id TEXT NOT NULL REFERENCES submissions (id),
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('finding', 'conclusion')),
    cause TEXT NOT NULL CHECK (cause IN ('objective', 'subjective')),
    text TEXT NOT NULL,
    author_id TEXT NOT NULL REFERENCES accounts (id),
    position TEXT,
    unit_id TEXT NOT NULL REFERENCES units (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX assessments_by_submission ON assessments (submission_id, id);

CREATE TABLE obstacles (
    id TEXT PRIMARY KEY,
    ward_id TEXT NOT NULL REFERENCES wards (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    item_id TEXT NOT NULL REFERENCES plan_items (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    description TEXT NOT NULL,
    proposal TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'escalated', 'decided', 'withdrawn')),
    raised_by TEXT NOT NULL REFERENCES accounts (id),
    raised_position TEXT,
    raised_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX obstacles_by_plan ON obstacles (plan_id, id);
CREATE INDEX obstacles_by_unit ON obstacles (unit_id, id);
CREATE INDEX obstacles_by_state ON obstacles (plan_id, state, id);
CREATE INDEX obstacles_by_item ON obstacles (item_id, id);

CREATE TABLE obstacle_steps (
    id TEXT PRIMARY KEY,
    obstacle_id TEXT NOT NULL REFERENCES obstacles (id),
    action TEXT NOT NULL CHECK (action IN ('answer', 'escalate', 'decide', 'withdraw')),
    text TEXT NOT NULL,
    taken_by TEXT NOT NULL REFERENCES accounts (id),
    position TEXT,
    unit_id TEXT NOT NULL REFERENCES units (id),
    taken_at TIMESTAMP NOT NULL
);
CREATE INDEX obstacle_steps_by_obstacle ON obstacle_steps (obstacle_id, id);
