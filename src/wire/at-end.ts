import type { EndReason } from "./control.ts";

/** Says how the channels ended, where a client that comes back to the end gets no stream that could say it. */
export const END_REASON = "End-Reason";

/** The answer to a client whose cursor is at the end. */
export function atEnd(reason: EndReason): Response {
	return new Response(null, { status: 204, headers: { [END_REASON]: reason } });
}

/** Whether an answer is `atEnd`. */
export function isAtEnd(response: Response): boolean {
	return response.status === 204;
}

/**
 * How the channels of these answers ended. If one of them was abandoned, what a client has is not complete.
 *
 * @param answers of which each is `atEnd`.
 */
export function endReasonOf(...answers: readonly Response[]): EndReason {
	return answers.some(({ headers }) => headers.get(END_REASON) === "abandoned") ? "abandoned" : "ended";
}
