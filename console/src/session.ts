const TOKEN = "tidings.token";
const PUBLISH_KEY = "tidings.publish-key";

/** The user that a token names. */
export interface User {
	name: string;
	/** When the token ends, in unix milliseconds. */
	endsAt: number | undefined;
}

/** The credentials of the page: a user's token and a publish key. They are kept for this tab only. */
export class Session {
	readonly #listeners: (() => void)[] = [];

	get token(): string | undefined {
		return sessionStorage.getItem(TOKEN) ?? undefined;
	}

	get publishKey(): string | undefined {
		return sessionStorage.getItem(PUBLISH_KEY) ?? undefined;
	}

	/** What to publish with: the key, or else the token. */
	get publishCredential(): string | undefined {
		return this.publishKey ?? this.token;
	}

	get user(): User | undefined {
		return this.token === undefined ? undefined : readToken(this.token);
	}

	signIn(token: string): void {
		sessionStorage.setItem(TOKEN, token);
		this.#tell();
	}

	/** @param key `undefined` forgets the key. */
	setPublishKey(key: string | undefined): void {
		if (key === undefined) sessionStorage.removeItem(PUBLISH_KEY);
		else sessionStorage.setItem(PUBLISH_KEY, key);
		this.#tell();
	}

	/** Forgets the token and the key. */
	signOut(): void {
		sessionStorage.clear();
		this.#tell();
	}

	onChange(listener: () => void): void {
		this.#listeners.push(listener);
	}

	#tell(): void {
		for (const listener of this.#listeners) listener();
	}
}

/** Reads a JWT to show who is signed in. Only the service verifies it, so even a malformed token gets a name. */
function readToken(token: string): User {
	try {
		const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
		const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
		const { sub, exp } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; exp?: unknown };
		return { name: String(sub), endsAt: typeof exp === "number" ? exp * 1000 : undefined };
	} catch {
		return { name: "the holder of this token", endsAt: undefined };
	}
}
