-- Why: back to publications that are read period by period only.
DROP INDEX publications_by_ward;
DROP INDEX publications_standing;
