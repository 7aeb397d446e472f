-- Why: what people say about figures is kept beside them: comments, asked explanations, findings, obstacles, and how much of a jump needs a note.

ALTER TABLE wards ADD COLUMN jump_percent BIGINT;

CREATE TABLE comments (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    submission_id TEXT COLLATE "C" NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    author_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    position TEXT COLLATE "C",
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX comments_by_submission ON comments (submission_id, id);

CREATE TABLE explanation_requests (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    submission_id TEXT COLLATE "C" NOT NULL REFERENCES submissions (id),
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    revision INTEGER NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    due_at TIMESTAMP NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    asked_position TEXT COLLATE "C",
    asked_unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    asked_at TIMESTAMP NOT NULL,
    cause TEXT COLLATE "C" CHECK (cause IN ('objective', 'subjective')),
    what_happened TEXT COLLATE "C",
    remedy TEXT COLLATE "C",
    new_date DATE,
    answered_by TEXT COLLATE "C" REFERENCES accounts (id),
    answered_position TEXT COLLATE "C",
    answered_at TIMESTAMP,
    version BIGINT NOT NULL
);
CREATE INDEX explanation_requests_by_submission ON explanation_requests (submission_id, id);
CREATE INDEX explanation_requests_by_ward ON explanation_requests (ward_id, id);
CREATE INDEX explanation_requests_by_unit ON explanation_requests (unit_id, id);
CREATE INDEX explanation_requests_open ON explanation_requests (ward_id, id) WHERE answered_at IS NULL;

CREATE TABLE assessments (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    submission_id TEXT COLLATE "C" NOT NULL REFERENCES submissions (id),
    revision INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('finding', 'conclusion')),
    cause TEXT COLLATE "C" NOT NULL CHECK (cause IN ('objective', 'subjective')),
    text TEXT COLLATE "C" NOT NULL,
    author_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    position TEXT COLLATE "C",
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX assessments_by_submission ON assessments (submission_id, id);

CREATE TABLE obstacles (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    plan_id TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    item_id TEXT COLLATE "C" NOT NULL REFERENCES plan_items (id),
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    description TEXT COLLATE "C" NOT NULL,
    proposal TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'answered', 'escalated', 'decided', 'withdrawn')),
    raised_by TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    raised_position TEXT COLLATE "C",
    raised_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX obstacles_by_plan ON obstacles (plan_id, id);
CREATE INDEX obstacles_by_unit ON obstacles (unit_id, id);
CREATE INDEX obstacles_by_state ON obstacles (plan_id, state, id);
CREATE INDEX obstacles_by_item ON obstacles (item_id, id);

CREATE TABLE obstacle_steps (
    id TEXT COLLATE "C" PRIMARY KEY,
    obstacle_id TEXT COLLATE "C" NOT NULL REFERENCES obstacles (id),
    action TEXT COLLATE "C" NOT NULL CHECK (action IN ('answer', 'escalate', 'decide', 'withdraw')),
    text TEXT COLLATE "C" NOT NULL,
    taken_by TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    position TEXT COLLATE "C",
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    taken_at TIMESTAMP NOT NULL
);
CREATE INDEX obstacle_steps_by_obstacle ON obstacle_steps (obstacle_id, id);
