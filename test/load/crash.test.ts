import { expect, inject, it } from "vitest";
import { soak } from "../../soak/soak.ts";
import { DELIVERY } from "../e2e/support/servers.ts";

it("loses nothing, repeats nothing and reorders nothing when the process is killed 20 times while events flow", async () => {
	const { kills, events, lost, twice, outOfOrder, reused } = await soak({
		seconds: 1,
		kills: 20,
		delivery: DELIVERY,
		built: inject("built"),
	});
	console.log(`${events} events, ${kills} kills, lost ${lost}, twice ${twice}, out of order ${outOfOrder}`);
	expect(kills).toBeGreaterThanOrEqual(20);
	// Events did flow: how many depends on what else the machine does.
	expect(events).toBeGreaterThan(300);
	expect({ lost, twice, outOfOrder, reused }).toEqual({ lost: 0, twice: 0, outOfOrder: 0, reused: 0 });
});
