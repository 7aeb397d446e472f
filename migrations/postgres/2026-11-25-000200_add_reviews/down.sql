-- Why: takes away what was said about figures, children before parents.

DROP TABLE obstacle_steps;
DROP TABLE obstacles;
DROP TABLE assessments;
DROP TABLE explanation_requests;
DROP TABLE comments;
ALTER TABLE wards DROP COLUMN jump_percent;
