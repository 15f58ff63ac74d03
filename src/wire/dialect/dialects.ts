import type { Dialect } from "./dialect.ts";
import { envelope } from "./envelope.ts";
import { message } from "./message.ts";
import { named } from "./named.ts";
import { plain } from "./plain.ts";
import { unnamed } from "./unnamed.ts";

/** All dialects, by their name in a subscription. */
export const DIALECTS = {
	named,
	envelope,
	unnamed,
	message,
	plain: plain(named),
	plainEnvelope: plain(envelope),
	plainUnnamed: plain(unnamed),
} satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;
