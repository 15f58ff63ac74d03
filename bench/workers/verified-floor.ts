/** The cost of verifying and of an open stream together: the floor for subscribers with a valid token or ticket. */
import floor from "./floor.ts";
import { type VerificationEnv, verify } from "./verification.ts";

type Env = VerificationEnv & Parameters<typeof floor.fetch>[1];

export default {
	async fetch(request, env) {
		await verify(request, env);
		return await floor.fetch(request, env);
	},
} satisfies ExportedHandler<Env>;

export { Channel } from "./floor.ts";
