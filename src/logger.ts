import { Problem } from "./errors.ts";
import { Secrets } from "./secrets.ts";

type Level = "info" | "warn" | "error";

/** What a line says besides its level and its message. What is `undefined` is left out. */
export type Fields = Record<string, unknown>;

/** What is longer is cut off: whoever sends it must not fill the log with it. */
const MAX_CHARACTERS = 2000;
/** Fields whose words are the service's own. */
const OWN_WORDS: ReadonlySet<string> = new Set(["level", "method", "code", "publisher"]);

/** Writes what an operator should know, each a line of JSON. Nothing else in the service writes to the console. */
export class Logger {
	readonly #about: Fields;
	readonly #secrets: readonly string[];
	#hidden: Secrets;

	/**
	 * @param about what all lines say, such as the id of the request, or the channel.
	 * @param secrets what no line may hold: it is taken out, wherever it stands.
	 */
	constructor(about: Fields, secrets: readonly string[] = []) {
		this.#about = about;
		this.#secrets = secrets;
		this.#hidden = new Secrets(secrets);
	}

	/** Says one thing more in all lines from now on. */
	add(name: string, value: string): void {
		this.#about[name] = value;
	}

	/** Keeps other secrets out as well, in the place of those that it was told so before. */
	hide(others: readonly string[]): void {
		this.#hidden = new Secrets([...this.#secrets, ...others]);
	}

	/** How something ended that has an HTTP status. What is behind a failure of the service's own is told too. */
	outcome(message: string, status: number, problem: Problem | undefined, fields: Fields = {}): void {
		const { code, detail, cause } = problem ?? {};
		const line = { ...fields, status, code, detail };
		this.#write(levelOf(status), message, line, status >= 500 ? cause : undefined);
	}

	/** Something failed besides, which decides no answer by itself. */
	failure(message: string, error: unknown, fields: Fields = {}): void {
		this.#write("error", message, fields, error);
	}

	#write(level: Level, message: string, fields: Fields, error: unknown): void {
		const line: Fields = { level, message, ...this.#about, ...fields };
		for (const name in line) {
			const value = line[name];
			if (typeof value === "string" && !OWN_WORDS.has(name)) line[name] = this.#clean(value);
		}
		if (error !== undefined) line.error = this.#describe(error);
		console[level](JSON.stringify(line));
	}

	/** What was thrown; of a problem, what is behind it. */
	#describe(error: unknown): Fields {
		if (error instanceof Problem && error.cause !== undefined) return this.#describe(error.cause);
		if (!(error instanceof Error)) return { message: this.#clean(String(error)) };
		const { name, message, stack } = error;
		// Whoever throws may have set these to anything.
		return { name: this.#clean(`${name}`), message: this.#clean(`${message}`), stack: this.#clean(`${stack}`) };
	}

	#clean(text: string): string {
		return this.#hidden.redact(text).slice(0, MAX_CHARACTERS);
	}
}

function levelOf(status: number): Level {
	if (status >= 500) return "error";
	return status >= 400 ? "warn" : "info";
}
