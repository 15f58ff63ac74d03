const TOKEN = "tidings.token";
const PUBLISH_KEY = "tidings.publish-key";

/** Who a token is for, as it says itself. */
export interface User {
	name: string;
	/** When the token ends, in unix milliseconds. */
	endsAt: number | undefined;
}

/** What the page may do: a user's token, and a publish key. They stay in this tab, and end with it. */
export class Session {
	readonly #listeners: (() => void)[] = [];

	get token(): string {
		return sessionStorage.getItem(TOKEN) ?? "";
	}

	get publishKey(): string {
		return sessionStorage.getItem(PUBLISH_KEY) ?? "";
	}

	/** What to publish with: the key if there is one. */
	get publishCredential(): string {
		return this.publishKey || this.token;
	}

	get user(): User | undefined {
		return this.token === "" ? undefined : readToken(this.token);
	}

	signIn(token: string): void {
		this.#set(TOKEN, token);
	}

	keepPublishKey(key: string): void {
		this.#set(PUBLISH_KEY, key);
	}

	/** Forgets the token and the key. */
	signOut(): void {
		sessionStorage.clear();
		this.#tell();
	}

	onChange(listener: () => void): void {
		this.#listeners.push(listener);
	}

	#set(name: string, value: string): void {
		sessionStorage.setItem(name, value);
		this.#tell();
	}

	#tell(): void {
		for (const listener of this.#listeners) listener();
	}
}

/** Reads a JWT for people to see. Whether it is good, the service decides: a token that is none has a name all the same. */
function readToken(token: string): User {
	try {
		const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
		const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
		const { sub, exp } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; exp?: unknown };
		return { name: String(sub), endsAt: typeof exp === "number" ? exp * 1000 : undefined };
	} catch {
		return { name: "the bearer of a token", endsAt: undefined };
	}
}
