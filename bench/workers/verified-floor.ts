/** What verifying and an open stream cost together: the floor, for those whose token or ticket is good. */
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
