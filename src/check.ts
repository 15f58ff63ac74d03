import type { z } from "zod";
import { describeIssue, firstMessage, Problem, type ProblemCode } from "./errors.ts";

/**
 * Checks a value against a schema, and returns the schema's output.
 *
 * @param whole what the value is, such as "The query": the problem then says which part of it is wrong. Leave it out for
 * a schema whose messages are whole sentences.
 * @throws Problem with the code, about the first thing that is wrong.
 */
export function check<Schema extends z.ZodType>(
	schema: Schema,
	value: unknown,
	code: ProblemCode,
	whole?: string,
): z.output<Schema> {
	const checked = schema.safeParse(value);
	if (checked.success) return checked.data;
	throw new Problem(code, whole === undefined ? firstMessage(checked.error) : describeIssue(checked.error, whole));
}
