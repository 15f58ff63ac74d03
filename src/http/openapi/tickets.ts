import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { issuedTicketSchema, keyTicketSchema, userTicketSchema } from "../native/tickets-schema.ts";
import { CREDENTIALS, problems } from "./problems.ts";
import { oneOf } from "./security.ts";

/** Making tickets. */
export const ticketsPaths = (): ZodOpenApiPathsObject => ({
	"/tickets": {
		post: {
			operationId: "makeTicket",
			tags: ["Subscribe"],
			summary: "Make a ticket, which may stand in a URL",
			description: "With a token, the body may be left out.",
			security: oneOf("token", "publishKey"),
			requestBody: {
				required: false,
				content: { "application/json": { schema: z.union([userTicketSchema, keyTicketSchema]) } },
			},
			responses: {
				201: {
					description: "The ticket.",
					headers: z.object({ "Cache-Control": z.literal("no-store") }),
					content: { "application/json": { schema: issuedTicketSchema } },
				},
				...problems("invalid_request", ...CREDENTIALS, "payload_too_large", "unsupported_media_type", "rate_limited"),
			},
		},
	},
});
