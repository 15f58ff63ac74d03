/**
 * `npm run user`: manages the issuer's users, locally or, with `--remote`, in the deployment.
 *
 *     npm run user -- add alice --channels "orders chat:*"
 */
import { text } from "node:stream/consumers";
import { hashPassword } from "../issuer/src/passwords.ts";
import { wrongChannels, wrongPassword, wrongUsername } from "../issuer/src/rules.ts";
import { fail, failUsage, parseOrFail } from "./command-line.ts";
import { DEFAULT_STATE, execute, isWithoutTables, type Place, quote } from "./issuer-database.ts";
import { askSecretly } from "./prompt.ts";

const COMMAND = "npm run user --";
const USAGE = `npm run user -- COMMAND [NAME] [OPTIONS]

  list                            lists the users and the channels that they may read
  add NAME [--channels LIST]      adds a user; asks for the password, or reads it from standard input
  password NAME                   gives a user a new password, and logs them out everywhere
  grant NAME --channels LIST      replaces the list of channels that a user may read
  disable NAME                    locks a user out, and logs them out everywhere
  enable NAME                     lets a disabled user log in again

  --channels "orders chat:*"      names and prefixes of channels, separated by spaces or commas
  --remote                        the users of the deployment, not of this machine
  --state FOLDER                  the --state of npm start (default: ${DEFAULT_STATE})
  --help                          prints this help`;

/** A mistake of the caller. It is printed without a stack trace. */
class Mistake extends Error {}

const commands: Record<string, (place: Place, username: string, channels: string | undefined) => Promise<void>> = {
	list,
	add,
	password,
	grant,
	disable,
	enable,
};

try {
	await main();
} catch (error) {
	fail(messageOf(error));
}

async function main(): Promise<void> {
	const { values, positionals } = parseOrFail(COMMAND, {
		allowPositionals: true,
		options: {
			channels: { type: "string" },
			remote: { type: "boolean", default: false },
			state: { type: "string", default: DEFAULT_STATE },
			help: { type: "boolean", short: "h", default: false },
		},
	});
	const [name = "", username = "", ...rest] = positionals;
	if (values.help) return console.log(USAGE);
	const command = commands[name];
	if (!command) failUsage(name ? `There is no command "${name}".` : "Name a command.", COMMAND);
	if (rest.length > 0) failUsage(`"${rest[0]}" is not expected. The command asks for the password.`, COMMAND);
	const wrong = command === list ? undefined : wrongUsername(username);
	if (wrong) throw new Mistake(`${wrong} For example: npm run user -- ${name} alice`);
	const place: Place = values.remote ? { remote: true } : { state: values.state };
	await command(place, username, values.channels);
}

async function list(place: Place): Promise<void> {
	const [users = []] = await execute("SELECT username, channels, disabled_at FROM users ORDER BY username", place);
	for (const { username, channels, disabled_at } of users) {
		console.log(
			[username, JSON.parse(String(channels)).join(" "), disabled_at === null ? "" : "(disabled)"].join("\t"),
		);
	}
}

async function add(place: Place, username: string, channels: string | undefined): Promise<void> {
	const granted = toList(channels ?? "");
	const hash = hashPassword(await newPassword());
	const [added = []] = await execute(
		`INSERT INTO users (username, password_hash, channels)
		VALUES (${quote(username)}, ${quote(hash)}, ${quote(JSON.stringify(granted))})
		ON CONFLICT DO NOTHING RETURNING username`,
		place,
	);
	if (added.length === 0)
		throw new Mistake(`The user ${username} exists already. Use grant or password to change them.`);
	console.log(`${username} can log in, and may read ${described(granted)}.`);
}

async function password(place: Place, username: string): Promise<void> {
	await change(place, username, `password_hash = ${quote(hashPassword(await newPassword()))}`, logOut(username));
	console.log(`${username} has a new password, and must log in again.`);
}

async function grant(place: Place, username: string, channels: string | undefined): Promise<void> {
	if (channels === undefined)
		throw new Mistake(`Name the channels: npm run user -- grant ${username} --channels "orders chat:*"`);
	const granted = toList(channels);
	await change(place, username, `channels = ${quote(JSON.stringify(granted))}`);
	console.log(`${username} may read ${described(granted)}, from their next token on.`);
}

async function disable(place: Place, username: string): Promise<void> {
	await change(place, username, "disabled_at = unixepoch()", logOut(username));
	console.log(`${username} gets no new tokens. An access token that they already have works until it expires.`);
}

async function enable(place: Place, username: string): Promise<void> {
	await change(place, username, "disabled_at = NULL");
	console.log(`${username} can log in again.`);
}

async function change(place: Place, username: string, assignment: string, ...then: string[]): Promise<void> {
	const update = `UPDATE users SET ${assignment} WHERE username = ${quote(username)} RETURNING username`;
	const [changed = []] = await execute([update, ...then].join("; "), place);
	if (changed.length === 0) throw new Mistake(`There is no user ${username}. List the users: npm run user -- list`);
}

function logOut(username: string): string {
	return `DELETE FROM sessions WHERE username = ${quote(username)}`;
}

/** Reads a password from the terminal or from a pipe. Other users of the machine could read an argument. */
async function newPassword(): Promise<string> {
	const typed = process.stdin.isTTY
		? await askSecretly("Password: ")
		: (await text(process.stdin)).replace(/\r?\n$/, "");
	const wrong = wrongPassword(typed);
	if (wrong) throw new Mistake(wrong);
	return typed;
}

function toList(channels: string): string[] {
	const list = channels.split(/[\s,]+/).filter(Boolean);
	const wrong = wrongChannels(list);
	if (wrong) throw new Mistake(wrong);
	return list;
}

function described(channels: string[]): string {
	return channels.length === 0 ? "what everyone may read" : channels.join(" ");
}

function messageOf(error: unknown): string {
	if (error instanceof Mistake) return error.message;
	if (isWithoutTables(error)) return "The database has no tables yet. Deploy the issuer first: npm run deploy:issuer";
	const { message, stdout } = error as Error & { stdout?: string };
	// wrangler reports errors on its standard output.
	return stdout || message;
}
