/** The cost of verifying: a token or a ticket is verified, and the request is answered at once. */
import { type VerificationEnv, verify } from "./verification.ts";

export default {
	async fetch(request, env) {
		await verify(request, env);
		return new Response(":\n\n");
	},
} satisfies ExportedHandler<VerificationEnv>;
