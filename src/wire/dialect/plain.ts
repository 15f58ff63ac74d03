import type { Dialect } from "./dialect.ts";
import { frames } from "./frame.ts";

/**
 * Makes a dialect of `control=0`: the events of another one, comments and reconnection times. A client dispatches nothing
 * but what was published.
 *
 * A reconnection time is a line without a blank one after it, at which some clients dispatch a message. It belongs to the
 * frame that follows.
 *
 * @example
 * plain(named).control("expiring", { expires: 1795223089 }, "7"); // ""
 * plain(named).control("expiring", { expires: 1795223089 }, "7", 2000); // "retry: 2000\n"
 */
export function plain({ event }: Dialect): Dialect {
	return {
		event,
		control: (_type, _data, _cursor, retry) => (retry === undefined ? "" : `retry: ${retry}\n`),
		heartbeat: () => frames.heartbeat(),
		closing: () => "",
	};
}
