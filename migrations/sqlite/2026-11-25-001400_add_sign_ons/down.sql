-- Why: without the identity provider nobody is on the way to it or back; both tables hold minutes only.
DROP TABLE sign_in_codes;
DROP TABLE sign_on_attempts;
