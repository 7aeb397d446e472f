-- Why: what waits for the standing office or a leader is read across all plans of a ward.
CREATE INDEX obstacles_by_ward_state ON obstacles (ward_id, state, id);
