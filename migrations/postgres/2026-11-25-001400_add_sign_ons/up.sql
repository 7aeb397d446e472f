-- Why: people sign in through the city's identity provider, and any instance may get the browser that another one sent.

-- A browser that was sent to the provider and has not come back. Each row counts once, for ten minutes.
CREATE TABLE sign_on_attempts (
    state_hash TEXT COLLATE "C" PRIMARY KEY,
    nonce TEXT COLLATE "C" NOT NULL,
    pkce_verifier TEXT COLLATE "C" NOT NULL,
    return_to TEXT COLLATE "C",
    code_challenge TEXT COLLATE "C",
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_on_attempts_by_age ON sign_on_attempts (created_at);

-- What a front end exchanges for tokens, once, within a minute: tokens are in no URL.
CREATE TABLE sign_in_codes (
    code_hash TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    code_challenge TEXT COLLATE "C",
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_codes_by_age ON sign_in_codes (created_at);
