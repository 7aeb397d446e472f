-- Why: evidence: the ward's files, each stored once, the documents that describe them, and what drafts and revisions cite.

CREATE TABLE document_files (
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    sha256 TEXT COLLATE "C" NOT NULL,
    object_key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('pdf', 'docx', 'xlsx', 'jpg', 'png')),
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (ward_id, sha256),
    CONSTRAINT document_files_key UNIQUE (object_key)
);

CREATE TABLE documents (
    id TEXT COLLATE "C" PRIMARY KEY,
    ward_id TEXT COLLATE "C" NOT NULL REFERENCES wards (id),
    unit_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    sha256 TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    number TEXT COLLATE "C",
    issued_on DATE,
    name_lower TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    uploaded_by TEXT COLLATE "C" NOT NULL,
    uploaded_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP,
    version BIGINT NOT NULL,
    FOREIGN KEY (ward_id, sha256) REFERENCES document_files (ward_id, sha256)
);
CREATE INDEX documents_by_ward ON documents (ward_id, id);
CREATE INDEX documents_by_unit ON documents (unit_id, id);
CREATE UNIQUE INDEX documents_once ON documents (unit_id, sha256) WHERE deleted_at IS NULL;

CREATE TABLE submission_evidence (
    submission_id TEXT COLLATE "C" NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    document_id TEXT COLLATE "C" NOT NULL REFERENCES documents (id),
    PRIMARY KEY (submission_id, document_id)
);
CREATE INDEX submission_evidence_by_document ON submission_evidence (document_id, submission_id);

CREATE TABLE revision_evidence (
    submission_id TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    document_id TEXT COLLATE "C" NOT NULL REFERENCES documents (id),
    PRIMARY KEY (submission_id, number, document_id),
    FOREIGN KEY (submission_id, number) REFERENCES submission_revisions (submission_id, number)
);
CREATE INDEX revision_evidence_by_document ON revision_evidence (document_id, submission_id);
