-- Why: takes the evidence away again, children before parents; the files themselves stay where they are.

DROP TABLE revision_evidence;
DROP TABLE submission_evidence;
DROP TABLE documents;
DROP TABLE document_files;
