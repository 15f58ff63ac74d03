-- Demo users, for local work only: `npm start` and the tests add them, a deployment never does. Each one's password is
-- their name.
INSERT INTO users (username, password_hash, channels) VALUES
	('demo', 'scrypt:16384:8:5:2987d63315bdfb6ba27a1d9da1f4b357:1fe5b58bab886e996f23a8fdb91831845a70e1c602e385ad1122730ec411b8c0', '["*"]'),
	('alice', 'scrypt:16384:8:5:20afcb05532bea033ca9f7baa017faa7:289a6ffc98d89bac700c2e0a5f06db3af7315a33c263d32fdc663e0be8d023aa', '["orders","chat:*"]'),
	('bob', 'scrypt:16384:8:5:c8992dbe3964c36b9687afbc0f011a4d:65195ac8ed756c819404974e5d0860812846bd915088d53bc5f81652fc7a66a5', '[]')
ON CONFLICT DO NOTHING;
