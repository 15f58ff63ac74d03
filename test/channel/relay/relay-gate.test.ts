import { afterEach, describe, expect, it, vi } from "vitest";
import type { Limits } from "../../../src/channel/limits.ts";
import type { Following } from "../../../src/channel/relay/following.ts";
import { RelayGate } from "../../../src/channel/relay/relay-gate.ts";
import type { Reports } from "../../../src/channel/relay/reports.ts";
import { RevokedUsers } from "../../../src/channel/revoked-users.ts";
import type { Asking } from "../../../src/wire/place.ts";
import type { Admission, Wanted } from "../../../src/wire/relay.ts";
import type { Subscription } from "../../../src/wire/subscription.ts";
import { NOW } from "../../support/log.ts";
import { subscriptionOf } from "../../support/subscription.ts";

afterEach(() => void vi.restoreAllMocks());

const START = { position: 7, cursor: 7, resumed: false };
const ADMITTED: Admission = { type: "admitted", start: START, head: 9, isNamed: true };

/** The gate of a relay that may hold 100 streams, and the origin that it asks. */
function gateOf(admissions: Admission[] = [ADMITTED], tellsPresence = true) {
	const state = { streams: 0, isOn: true };
	const asked: Wanted[] = [];
	const left: string[] = [];
	const caughtUp = Promise.withResolvers<void>();
	const following = {
		get isOn() {
			return state.isOn;
		},
		start: vi.fn(async () => undefined),
		reach: vi.fn(() => caughtUp.promise),
		observe: vi.fn(async () => undefined),
	};
	const place = vi.fn(async ({ near, wanted }: Asking) => ({
		relay: near === undefined ? "3" : `${near}/3`,
		share: wanted,
	}));
	const checkUser = vi.fn();
	const revocations = new RevokedUsers();
	const gate = new RelayGate({
		channel: "orders",
		relay: "2",
		crowdSize: 100,
		tellsPresence,
		following: () => following as Partial<Following> as Following,
		reports: {
			get streams() {
				return state.streams;
			},
			ask: async (wanted: Wanted) => {
				asked.push(wanted);
				return admissions[asked.length - 1] ?? ADMITTED;
			},
			left: ({ user }: Pick<Subscription, "user">) => void left.push(user),
		} as Partial<Reports> as Reports,
		limits: { checkUser } as Partial<Limits> as Limits,
		revocations,
		origin: () => ({ place }),
	});
	/** Admits a stream that must not be at its end. */
	const admit = async (rest: Partial<Subscription> = {}) => {
		const admitted = await gate.admit(subscriptionOf(rest));
		if (typeof admitted === "string") throw new Error(admitted);
		return admitted;
	};
	return { gate, admit, state, asked, left, caughtUp, following, place, revocations, checkUser };
}

describe("a stream at a relay", () => {
	it("is opened where the origin says, and not before the relay has caught up with the origin", async () => {
		const { admit, caughtUp, following } = gateOf();
		let isAdmitted = false;
		const admitted = admit().then((result) => {
			isAdmitted = true;
			return result;
		});
		await scheduler.wait(5);
		expect(following.reach).toHaveBeenCalledExactlyOnceWith(9);
		expect(isAdmitted).toBe(false);
		caughtUp.resolve();
		expect((await admitted).begin(0)).toEqual(START);
		expect(following.observe).not.toHaveBeenCalled();
	});

	it("that asks for presence waits until the relay knows who is online", async () => {
		const { admit, caughtUp, following } = gateOf();
		caughtUp.resolve();
		await admit({ presence: true });
		expect(following.observe).toHaveBeenCalledTimes(1);
	});

	it("that asks for presence does not wait where the channel tells it no longer", async () => {
		const { admit, caughtUp, following } = gateOf([ADMITTED], false);
		caughtUp.resolve();
		await admit({ presence: true, rejoins: true });
		expect(following.observe).not.toHaveBeenCalled();
	});

	it("is refused as the origin refuses it", async () => {
		const { admit } = gateOf([{ type: "refused", code: "channel_full", detail: "It is full." }]);
		await expect(admit()).rejects.toThrow("channel_full: It is full.");
	});

	it("is held to the limit of its user among those here where the origin does not keep account of it", async () => {
		const { admit, checkUser, caughtUp, left } = gateOf([ADMITTED, { ...ADMITTED, isNamed: false }]);
		caughtUp.resolve();
		await admit();
		expect(checkUser).not.toHaveBeenCalled();
		checkUser.mockImplementation(() => {
			throw new Error("Too many.");
		});
		await expect(admit()).rejects.toThrow("Too many.");
		expect(left).toEqual(["alice"]);
	});

	it("is none where the origin has nothing left to tell", async () => {
		const { gate } = gateOf([{ type: "ended", reason: "abandoned" }]);
		expect(await gate.admit(subscriptionOf())).toBe("abandoned");
	});

	it("is refused if its user was revoked after the origin had admitted it", async () => {
		const { gate, admit, caughtUp, revocations } = gateOf();
		caughtUp.resolve();
		const { begin } = await admit({ issuedAt: 1000 });
		expect(gate.isRevoked({ user: "alice", issuedAt: 1000 })).toBe(false);
		revocations.add("alice", Date.now());
		expect(gate.isRevoked({ user: "alice", issuedAt: 1000 })).toBe(true);
		expect(() => begin(0)).toThrow("invalid_token: Your access to the channel orders was ended");
	});

	it("is refused if the relay has left the origin since, as after a wipe", async () => {
		const { admit, caughtUp, state } = gateOf();
		caughtUp.resolve();
		const { begin } = await admit();
		state.isOn = false;
		expect(() => begin(0)).toThrow("channel_unavailable");
	});

	it("is given back to the origin if it is not opened", async () => {
		const { admit, caughtUp, left } = gateOf();
		const lost = admit();
		caughtUp.reject(new Error("The origin has died."));
		await expect(lost).rejects.toThrow("The origin has died.");
		expect(left).toEqual(["alice"]);
	});

	it("is given back by its release", async () => {
		const { admit, caughtUp, left } = gateOf();
		caughtUp.resolve();
		(await admit()).release();
		expect(left).toEqual(["alice"]);
	});

	it("of a user with too many is asked for again while dead ones are looked for, and then once more for good", async () => {
		const wait = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
		const crowded: Admission = { type: "crowded" };
		const { admit, asked, caughtUp } = gateOf([crowded, crowded, crowded, ADMITTED]);
		caughtUp.resolve();
		await admit();
		expect(asked.map(({ isLastTry }) => isLastTry)).toEqual([false, false, false, true]);
		expect(wait).toHaveBeenCalledTimes(3);
	});
});

describe("a relay that is full", () => {
	it("sends newcomers on to where the origin says, and asks for all who wait at once", async () => {
		const { gate, state, place } = gateOf();
		const elsewhere = (near?: Asking["near"]) => gate.elsewhere(subscriptionOf(), { near, wanted: 1 });
		state.streams = 99;
		expect(await elsewhere()).toBeUndefined();
		expect(place).not.toHaveBeenCalled();
		state.streams = 100;
		const rush = await Promise.all([elsewhere(), elsewhere(), elsewhere(), elsewhere(), elsewhere("weur")]);
		const three = { relay: "3", share: 1 };
		expect(rush).toEqual([three, three, three, three, { relay: "weur/3", share: 1 }]);
		expect(place.mock.calls.map(([{ wanted }]) => wanted)).toEqual([1, 1, 3]);
	});

	it("uses an answer for as many as it is good for, and for a tenth of a second", async () => {
		const { gate, state, place } = gateOf();
		const elsewhere = () => gate.elsewhere(subscriptionOf(), { near: undefined, wanted: 1 });
		state.streams = 100;
		place.mockResolvedValue({ relay: "3", share: 3 });
		const now = vi.spyOn(Date, "now").mockReturnValue(NOW);
		for (let newcomer = 0; newcomer < 4; newcomer += 1) await elsewhere();
		expect(place).toHaveBeenCalledTimes(2);
		now.mockReturnValue(NOW + 100);
		await elsewhere();
		expect(place).toHaveBeenCalledTimes(3);
	});

	it("tells nobody where to go while the origin cannot be asked, and asks again for the next", async () => {
		const { gate, state, place } = gateOf();
		const elsewhere = () => gate.elsewhere(subscriptionOf(), { near: undefined, wanted: 1 });
		state.streams = 100;
		place.mockRejectedValueOnce(new Error("The origin has died."));
		await expect(elsewhere()).rejects.toThrow("The origin has died.");
		expect(await elsewhere()).toMatchObject({ relay: "3" });
	});

	it("takes them where the origin knows no better place", async () => {
		const { gate, state, place } = gateOf();
		state.streams = 100;
		place.mockResolvedValue({ relay: "2", share: 1 });
		expect(await gate.elsewhere(subscriptionOf(), { near: undefined, wanted: 1 })).toBeUndefined();
	});
});
