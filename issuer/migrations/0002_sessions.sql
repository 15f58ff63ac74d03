-- One row for each log-in, instead of one for each refresh token. Refresh tokens from before are no longer good.

DROP TABLE refresh_tokens;

CREATE TABLE sessions (
	-- Random; the first half of the session's refresh tokens.
	id TEXT PRIMARY KEY,
	-- SHA-256 of the second half of the token that is good now: whoever reads this table cannot use it.
	secret_hash TEXT NOT NULL,
	username TEXT NOT NULL COLLATE NOCASE REFERENCES users (username),
	refreshed_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	-- How often the session was refreshed since the window began, and when it did.
	window_at INTEGER NOT NULL,
	refreshes INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_username ON sessions (username, refreshed_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
