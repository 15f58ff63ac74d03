/** What the pieces of code in docs/client.md and docs/ai.md use without saying where they have it from. */

const { TIDINGS_URL, TIDINGS_KEY, ISSUER_URL } = process.env;

declare global {
	var auth: { getAccessToken(): Promise<string> };
	function save(id: string, data: unknown): Promise<void>;
	function loadOrders(): Promise<string[]>;
	function render(orders: string[]): void;
	function askModel(prompt: string): Promise<Response>;
}

const post = (url: string, headers: Record<string, string>, body: object) =>
	send(url, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body: JSON.stringify(body),
	});

const send = globalThis.fetch;
globalThis.fetch = async (input, init) => {
	if (input !== "/ticket") return await send(input, init);
	const authorization = { Authorization: `Bearer ${TIDINGS_KEY}` };
	return await post(`${TIDINGS_URL}/tickets`, authorization, { user: "alice", channels: ["orders", "answer:*"] });
};

globalThis.auth = {
	async getAccessToken() {
		const response = await post(`${ISSUER_URL}/login`, {}, { username: "alice", password: "alice" });
		return ((await response.json()) as { accessToken: string }).accessToken;
	},
};

const stored = new Map<string, string>();
Object.defineProperty(globalThis, "sessionStorage", {
	value: {
		getItem: (key: string) => stored.get(key) ?? null,
		setItem: (key: string, value: string) => void stored.set(key, value),
	},
});

globalThis.save = async (id, data) => console.log("saved", id, data);
globalThis.loadOrders = async () => [];
globalThis.askModel = async () => new Response("data: Rayleigh\n\ndata: scattering\n\ndata: [DONE]\n\n");
globalThis.render = (orders) => console.log(orders);
