/** Whether a request has the admin key as its Bearer token. Compares in constant time. */
export async function isAdmin(authorization: string | undefined, adminKey: string): Promise<boolean> {
	const encoder = new TextEncoder();
	const [offered, expected] = await Promise.all(
		[authorization ?? "", `Bearer ${adminKey}`].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
	);
	return offered !== undefined && expected !== undefined && crypto.subtle.timingSafeEqual(offered, expected);
}
