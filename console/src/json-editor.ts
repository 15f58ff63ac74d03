import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** What is wrong, by the parser's name for it. */
const WORDS: Record<string, string> = {
	InvalidSymbol: "this is not a JSON value; put text in double quotes",
	InvalidNumberFormat: "this is not a number",
	PropertyNameExpected: "expected a name in double quotes",
	ValueExpected: "expected a value",
	ColonExpected: "expected a colon",
	CommaExpected: "expected a comma",
	CloseBraceExpected: "expected a closing }",
	CloseBracketExpected: "expected a closing ]",
	EndOfFileExpected: "there is text after the end of the value",
	InvalidCommentToken: "JSON has no comments",
	UnexpectedEndOfComment: "JSON has no comments",
	UnexpectedEndOfString: "this string has no closing quote",
	UnexpectedEndOfNumber: "this number is incomplete",
	InvalidUnicode: "\\u must be followed by four hex digits",
	InvalidEscapeCharacter: "this escape does not exist; write a backslash as \\\\",
	InvalidCharacter: "this character must be escaped",
};

/** A field for JSON that shows where the JSON is wrong, and why. */
export class JsonEditor {
	readonly #field: HTMLTextAreaElement;
	readonly #problem: HTMLElement;
	readonly #isOptional: boolean;
	#isValid = true;

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
		return this.#isValid;
	}

	/** The parsed value; `undefined` if an optional field is empty. */
	get value(): unknown {
		return this.#isEmpty ? undefined : JSON.parse(this.#field.value);
	}

	get #isEmpty(): boolean {
		return this.#isOptional && this.#field.value.trim() === "";
	}

	#check(): void {
		const problem = this.#isEmpty ? undefined : describeProblem(this.#field.value);
		this.#problem.textContent = problem ?? "";
		this.#field.setAttribute("aria-invalid", String(problem !== undefined));
		this.#isValid = problem === undefined;
	}
}

/** Where a text stops being JSON, and why; `undefined` if it is JSON. */
function describeProblem(text: string): string | undefined {
	const errors: ParseError[] = [];
	parse(text, errors, STRICT);
	const [first] = errors;
	if (!first) return undefined;
	const before = text.slice(0, first.offset).split("\n");
	const column = (before.at(-1) ?? "").length + 1;
	return `Line ${before.length}, column ${column}: ${WORDS[printParseErrorCode(first.error)]}.`;
}
