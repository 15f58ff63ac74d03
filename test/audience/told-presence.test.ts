import { describe, expect, it } from "vitest";
import { ToldPresence } from "../../src/audience/told-presence.ts";

describe("what subscribers were told of who is online", () => {
	it("changes with what they are told, and not with what has happened since", () => {
		const online = new Set(["alice", "bob"]);
		const told = new ToldPresence((user) => online.has(user));
		told.restore("alice");
		told.change("bob");
		expect([...told.users]).toEqual(["alice"]);
		expect(told.take(9)).toEqual([{ user: "bob", state: "online" }]);
		online.delete("alice");
		told.change("alice");
		told.change("bob");
		expect([...told.users]).toEqual(["alice", "bob"]);
		expect(told.take(9)).toEqual([{ user: "alice", state: "offline" }]);
		expect([...told.users]).toEqual(["bob"]);
	});

	it("is forgotten with what would have been told", () => {
		const told = new ToldPresence(() => true);
		told.restore("alice");
		told.change("bob");
		told.forget();
		expect([[...told.users], told.take(9)]).toEqual([[], []]);
	});
});
