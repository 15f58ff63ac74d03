import { isChannelPattern } from "../../src/wire/names.ts";

/** The rules for a user's name, password and channels. Each function returns what is wrong, or `undefined`. */

/** A username becomes the `sub` of tokens, and part of the name of a personal channel. */
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@~-]{0,63}$/;

/** Length is what counts (NIST SP 800-63B). The upper limit bounds the work that a request can cause. */
const PASSWORD_LENGTH = { min: 8, max: 256 };

export function wrongUsername(username: string): string | undefined {
	if (USERNAME.test(username)) return undefined;
	return "The username must be 1 to 64 of A-Z a-z 0-9 . _ @ ~ - and start with a letter or a digit.";
}

export function wrongPassword(password: string): string | undefined {
	if (password.length >= PASSWORD_LENGTH.min && password.length <= PASSWORD_LENGTH.max) return undefined;
	return `The password must have ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters.`;
}

export function wrongChannels(channels: string[]): string | undefined {
	const wrong = channels.find((each) => !isChannelPattern(each));
	if (wrong === undefined) return undefined;
	return `"${wrong}" is not a channel. Write a name such as orders, a prefix such as chat:*, or *.`;
}
