/** Returns the user's access token. Your identity provider's library has a function for this. Here, everyone is alice. */
export async function logIn(): Promise<string> {
	const response = await fetch(`${ISSUER_URL}/login`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ username: "alice", password: "alice" }),
	});
	if (!response.ok) throw new Error(`The identity provider answered with ${response.status}.`);
	const { accessToken } = (await response.json()) as { accessToken: string };
	return accessToken;
}
