import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** What is wrong, by the name that the parser has for it. */
const WORDS: Record<string, string> = {
	InvalidSymbol: "this is no value; a text stands in double quotes",
	InvalidNumberFormat: "this is no number",
	PropertyNameExpected: "a name in double quotes should stand here",
	ValueExpected: "a value should stand here",
	ColonExpected: "a colon should stand here",
	CommaExpected: "a comma should stand here",
	CloseBraceExpected: "a closing } should stand here",
	CloseBracketExpected: "a closing ] should stand here",
	EndOfFileExpected: "the value has ended before this",
	InvalidCommentToken: "JSON has no comments",
	UnexpectedEndOfComment: "JSON has no comments",
	UnexpectedEndOfString: "this text has no closing quote",
	UnexpectedEndOfNumber: "this number does not end",
	InvalidUnicode: "after \\u stand four hex digits",
	InvalidEscapeCharacter: "there is no such escape; a backslash is written as \\\\",
	InvalidCharacter: "this character has to be escaped",
};

/** A field for JSON, which says where the JSON is wrong, and how. */
export class JsonEditor {
	readonly #field: HTMLTextAreaElement;
	readonly #problem: HTMLElement;
	readonly #isOptional: boolean;

	constructor(field: HTMLTextAreaElement, problem: HTMLElement, options: { isOptional: boolean; changed: () => void }) {
		this.#field = field;
		this.#problem = problem;
		this.#isOptional = options.isOptional;
		field.addEventListener("input", () => {
			this.#check();
			options.changed();
		});
		this.#check();
	}

	get isValid(): boolean {
		return this.#problem.textContent === "";
	}

	/** What the JSON says; `undefined` where the field may be left empty, and is. */
	get value(): unknown {
		return this.#isEmpty ? undefined : JSON.parse(this.#field.value);
	}

	get #isEmpty(): boolean {
		return this.#isOptional && this.#field.value.trim() === "";
	}

	#check(): void {
		const problem = this.#isEmpty ? "" : describeProblem(this.#field.value);
		this.#problem.textContent = problem;
		this.#field.setAttribute("aria-invalid", String(problem !== ""));
	}
}

/** Where a text stops to be JSON, and what is wrong there; empty: it is JSON. */
function describeProblem(text: string): string {
	const errors: ParseError[] = [];
	parse(text, errors, STRICT);
	const [first] = errors;
	if (!first) return "";
	const before = text.slice(0, first.offset).split("\n");
	const column = (before.at(-1) ?? "").length + 1;
	return `Line ${before.length}, column ${column}: ${WORDS[printParseErrorCode(first.error)]}.`;
}
