/** What tests call of a service in the same way, wherever it runs. */

type Call = (path: string, init?: RequestInit) => Promise<Response>;

/** The error that a response holds. */
export interface ProblemBody {
	status: number;
	code: string;
	detail: string;
}

/** The status and code of an error, and that it is one as RFC 9457 wants it. */
export async function problem(response: Response): Promise<ProblemBody> {
	const type = response.headers.get("Content-Type");
	if (type !== "application/problem+json") throw new Error(`${response.status} ${type}: ${await response.text()}`);
	return await response.json();
}

/** Publishing with a publish key. */
export function publishingWith(call: Call, publishKey: string) {
	/** Publishes JSON. */
	function publish(channel: string, body: unknown, headers: HeadersInit = {}): Promise<Response> {
		return call(`/channels/${channel}/events`, {
			method: "POST",
			headers: { Authorization: `Bearer ${publishKey}`, "Content-Type": "application/json", ...headers },
			body: JSON.stringify(body),
		});
	}

	/** Publishes and answers with the ids. */
	async function published(channel: string, body: unknown): Promise<string[]> {
		const response = await publish(channel, body);
		if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
		return ((await response.json()) as { ids: string[] }).ids;
	}

	return { publish, published };
}
