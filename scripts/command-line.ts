import { type ParseArgsConfig, parseArgs } from "node:util";
import type { z } from "zod";

/** Ends the process with a message, without a stack trace. For mistakes that the caller can correct. */
export function fail(message: string): never {
	console.error(message);
	process.exit(1);
}

/** Ends the process with a message about a wrong command line. */
export function failUsage(message: string, command: string): never {
	console.error(`${message} For help: ${command} --help`);
	process.exit(2);
}

/** An option of a command: a flag, or with `value` one that takes a value. */
interface Option<Schema extends z.ZodType = z.ZodType> {
	help: string;
	/** The name of its value in the help. */
	value?: string;
	/** Checks the value. Its messages continue a sentence that begins with the option: `must be a whole number`. */
	schema: Schema;
	default?: string;
}

type Values<Options extends Record<string, Option>> = { [Name in keyof Options]: z.output<Options[Name]["schema"]> };

const HELP_COLUMN = 26;

/**
 * Reads the options of a command that takes no other arguments. Ends the process after printing the help, or a message
 * about a wrong argument.
 *
 * @param command how the user types the command, including its `--`.
 *
 * @example
 * const { port } = readOptions("npm start --", "Starts it.", {
 *   port: { value: "PORT", help: "where it listens", schema: whole(1, 65_535), default: "8787" },
 * });
 */
export function readOptions<Options extends Record<string, Option>>(
	command: string,
	about: string,
	options: Options,
): Values<Options> {
	const { values, positionals } = parse(command, options);
	if (values.help) {
		console.log(describe(command, about, options));
		process.exit(0);
	}
	if (positionals.length > 0) {
		failUsage(`"${positionals[0]}" is not an option. npm needs -- before the options.`, command);
	}
	const read = Object.entries(options).map(([name, { schema }]) => {
		const checked = schema.safeParse(values[name]);
		if (checked.success) return [name, checked.data];
		return failUsage(`--${name} ${checked.error.issues[0]?.message}, not "${values[name]}".`, command);
	});
	return Object.fromEntries(read) as Values<Options>;
}

function parse(
	command: string,
	options: Record<string, Option>,
): { values: Record<string, unknown>; positionals: string[] } {
	const known = Object.entries(options).map(([name, option]) => {
		const type = option.value ? "string" : "boolean";
		return [name, { type, ...(option.default !== undefined && { default: option.default }) }] as const;
	});
	return parseOrFail(command, {
		allowPositionals: true,
		options: { ...Object.fromEntries(known), help: { type: "boolean", short: "h", default: false } },
	});
}

/** Like `parseArgs`, but it ends the process if the command line is wrong. */
export function parseOrFail<Config extends ParseArgsConfig>(command: string, config: Config) {
	try {
		return parseArgs(config);
	} catch (error) {
		// The rest of the message is advice about arguments that begin with a dash.
		const [message = ""] = (error as Error).message.split(/\.(?: |$)/);
		return failUsage(`${message}.`, command);
	}
}

function describe(command: string, about: string, options: Record<string, Option>): string {
	const lines = Object.entries(options).map(([name, { value, help, default: otherwise }]) => {
		const start = `  --${name}${value ? ` ${value}` : ""}`;
		return `${start.padEnd(HELP_COLUMN)}${help}${otherwise === undefined ? "" : ` (default: ${otherwise})`}`;
	});
	return [`${command} [OPTIONS]`, "", about, "", ...lines, `${"  --help".padEnd(HELP_COLUMN)}prints this help`].join(
		"\n",
	);
}
