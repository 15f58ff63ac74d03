import type { Dialect } from "./dialect.ts";
import { envelope } from "./envelope.ts";
import { message } from "./message.ts";
import { named } from "./named.ts";
import { unnamed } from "./unnamed.ts";

/** Every dialect, by the name that a subscription has it under. */
export const DIALECTS = { named, envelope, unnamed, message } satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;
