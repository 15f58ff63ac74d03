import { describe, expect, it } from "vitest";
import { StoredCursor } from "../../src/client/stored-cursor.ts";

const SERVICE = new URL("https://events.example.com/");

function createStorage() {
	const kept = new Map<string, string>();
	return {
		kept,
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
	};
}

describe("the cursor of a connection", () => {
	it("is what the storage has for the same subscription, in whatever order its channels and types are named", () => {
		const storage = createStorage();
		new StoredCursor(SERVICE, { channels: ["a", "b"], types: ["x", "y"], storage }).set("7");
		expect(new StoredCursor(SERVICE, { channels: ["b", "a"], types: ["y", "x"], storage }).value).toBe("7");
	});

	it.each([
		["service", new URL("https://other.example.com/"), { channels: ["a"] }],
		["channels", SERVICE, { channels: ["a", "b"] }],
		["types", SERVICE, { channels: ["a"], types: ["x"] }],
		["inbox", SERVICE, { channels: ["a"], inbox: true }],
	])("is another one for another %s", (_, service, options) => {
		const storage = createStorage();
		new StoredCursor(SERVICE, { channels: ["a"], storage }).set("7");
		expect(new StoredCursor(service, { ...options, storage }).value).toBeNull();
	});

	it("is kept without a storage, and where the storage holds nothing of use", () => {
		const cursor = new StoredCursor(SERVICE, { channels: ["a"] });
		expect(cursor.value).toBeNull();
		cursor.set("7");
		expect(cursor.value).toBe("7");
		const empty = { getItem: () => "", setItem: () => {} };
		expect(new StoredCursor(SERVICE, { channels: ["a"], storage: empty }).value).toBeNull();
	});
});
