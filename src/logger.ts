import { Problem } from "./errors.ts";
import { Redactor } from "./redactor.ts";

type Level = "info" | "warn" | "error";

/** The fields of a log line, in addition to its level and message. `undefined` fields are omitted. */
export type Fields = Record<string, unknown>;

/** Longer text is truncated, so that requests cannot flood the log. */
const MAX_CHARACTERS = 2000;
/** Fields that contain only the service's own words. They are not redacted. */
const TRUSTED_FIELDS: ReadonlySet<string> = new Set(["level", "method", "code", "publisher"]);

/** Writes log lines as JSON. Nothing else in the service writes to the console. */
export class Logger {
	readonly #context: Fields;
	readonly #secrets: readonly string[];
	#redactor: Redactor;

	/**
	 * @param context fields of every line, such as the id of the request, or the channel.
	 * @param secrets strings that are redacted in every line. Default: none.
	 */
	constructor(context: Fields, secrets: readonly string[] = []) {
		this.#context = context;
		this.#secrets = secrets;
		this.#redactor = new Redactor(secrets);
	}

	/** Adds a field to all further lines. */
	add(name: string, value: string): void {
		this.#context[name] = value;
	}

	/** Redacts more secrets, in addition to the constructor's. Replaces those of an earlier call. */
	hide(secrets: readonly string[]): void {
		this.#redactor = new Redactor([...this.#secrets, ...secrets]);
	}

	/** Logs the outcome of something with an HTTP status. For a 5xx, the line includes the cause. */
	outcome(message: string, status: number, problem: Problem | undefined, fields: Fields = {}): void {
		const { code, detail, cause } = problem ?? {};
		const line = { ...fields, status, code, detail };
		this.#write(levelOf(status), message, line, status >= 500 ? cause : undefined);
	}

	/** Logs something else that happened. */
	note(message: string, fields: Fields): void {
		this.#write("info", message, fields, undefined);
	}

	/** Logs a failure that does not decide the outcome of a request. */
	failure(message: string, error: unknown, fields: Fields = {}): void {
		this.#write("error", message, fields, error);
	}

	#write(level: Level, message: string, fields: Fields, error: unknown): void {
		const line: Fields = { level, message, ...this.#context, ...fields };
		for (const name in line) {
			const value = line[name];
			if (typeof value === "string" && !TRUSTED_FIELDS.has(name)) line[name] = this.#sanitise(value);
		}
		if (error !== undefined) line.error = this.#describe(error);
		console[level](JSON.stringify(line));
	}

	/** Describes a thrown value; for a problem, its cause. */
	#describe(error: unknown): Fields {
		if (error instanceof Problem && error.cause !== undefined) return this.#describe(error.cause);
		if (!(error instanceof Error)) return { message: this.#sanitise(String(error)) };
		const { name, message, stack } = error;
		// Any code can have thrown this, so these may not be strings.
		return {
			name: this.#sanitise(`${name}`),
			message: this.#sanitise(`${message}`),
			stack: this.#sanitise(`${stack}`),
		};
	}

	#sanitise(text: string): string {
		return this.#redactor.redact(text).slice(0, MAX_CHARACTERS);
	}
}

function levelOf(status: number): Level {
	if (status >= 500) return "error";
	return status >= 400 ? "warn" : "info";
}
