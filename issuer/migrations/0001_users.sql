-- Times are unix seconds.

CREATE TABLE users (
	-- The name, as it was written when the user was added. Nobody else can have it in other letter cases.
	username TEXT PRIMARY KEY COLLATE NOCASE,
	password_hash TEXT NOT NULL,
	-- What the user may read: a JSON list of names and patterns.
	channels TEXT NOT NULL,
	disabled_at INTEGER
) STRICT;

CREATE TABLE refresh_tokens (
	-- SHA-256 of the token: whoever reads this table cannot use it.
	hash TEXT PRIMARY KEY,
	-- All tokens that came from one log-in.
	family TEXT NOT NULL,
	username TEXT NOT NULL COLLATE NOCASE REFERENCES users (username),
	expires_at INTEGER NOT NULL,
	-- The hash of the token that took this one's place. A used token stays here, so that its reuse is noticed.
	successor TEXT
) STRICT;

CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_username ON refresh_tokens (username);
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);

-- Log-ins that failed, by user name and by address, until they are forgotten.
CREATE TABLE attempts (
	key TEXT PRIMARY KEY,
	count INTEGER NOT NULL,
	forgotten_at INTEGER NOT NULL
) STRICT;

CREATE INDEX attempts_forgotten_at ON attempts (forgotten_at);
