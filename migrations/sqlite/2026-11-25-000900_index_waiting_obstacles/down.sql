-- Why: back to obstacles that are read plan by plan only.
DROP INDEX obstacles_by_ward_state;
