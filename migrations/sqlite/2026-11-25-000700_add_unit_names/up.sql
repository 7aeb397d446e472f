-- Why: a unit's figures stay under the name of their time, and the people of its successor finish what it left open.

CREATE TABLE unit_names (
    unit_id TEXT NOT NULL REFERENCES units (id),
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    decision TEXT,
    PRIMARY KEY (unit_id, valid_to)
);

ALTER TABLE units ADD COLUMN acting_unit_id TEXT REFERENCES units (id);
CREATE INDEX units_by_acting ON units (acting_unit_id);
