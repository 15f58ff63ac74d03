import { z } from "zod";

/** Somebody who may log in. */
export interface User {
	username: string;
	password: string;
	channels: string[];
}

const usersSchema = z
	.string()
	.transform((text) => JSON.parse(text) as unknown)
	.pipe(
		z.array(
			z.object({
				username: z.string().min(1),
				password: z.string().min(1),
				channels: z.array(z.string()).default([]),
			}),
		),
	);

/**
 * The user with this name and password. The password is compared in constant time, and a name that nobody has costs
 * as much as a wrong password.
 */
export async function findUser(
	users: string | undefined,
	username: string,
	password: string,
): Promise<User | undefined> {
	const known = usersSchema.parse(users ?? "[]");
	const user = known.find((each) => each.username === username);
	const matches = await isSame(password, user?.password ?? "");
	return matches ? user : undefined;
}

async function isSame(offered: string, expected: string): Promise<boolean> {
	const encoder = new TextEncoder();
	const [a, b] = await Promise.all(
		[offered, expected].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
	);
	return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}
