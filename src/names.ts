/** The names of channels, and the patterns that stand for many of them: a name, a prefix such as `chat:*`, or `*`. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;
const PREFIX = /^(?:[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127})?\*$/;

/**
 * Whether a text may be the name of a channel.
 *
 * @example
 * isChannelName("orders.eu"); // true
 * isChannelName("chat:*"); // false
 */
export function isChannelName(text: string): boolean {
	return NAME.test(text);
}

/**
 * Whether a text is a channel pattern.
 *
 * @example
 * isChannelPattern("chat:*"); // true
 * isChannelPattern("*:chat"); // false
 */
export function isChannelPattern(text: string): boolean {
	return NAME.test(text) || PREFIX.test(text);
}
