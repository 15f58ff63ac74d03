import type { Case } from "./case.ts";

const SUBSCRIBERS = 1000;
/** As many as a channel holds by default. */
const EVENTS = 100;

/** All subscribers disconnect at once, miss events, and reconnect at once. */
export const stormCase: Case = {
	name: "storm",
	variant: "100 events behind",
	servers: ["tidings"],
	async measure({ server, load, channel, scaled }) {
		const endpoints = [server.endpoint(channel)];
		await load.do("open", { endpoints, subscribers: scaled(SUBSCRIBERS), publishers: 1 });
		await load.do("burst", { events: EVENTS });
		const written = await load.do("burst", { events: EVENTS });
		const reopened = await load.do("storm", { events: 0 });
		const caughtUp = await load.do("storm", { events: EVENTS });
		return { caughtUp: caughtUp / 1000, written: written / 1000, reopened: reopened / 1000 };
	},
};
