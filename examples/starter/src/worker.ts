import { Hono } from "hono";
import { createTidings } from "tidings";
import { newSession, readSession } from "./sessions.ts";

const tidings = createTidings({
	authenticate: readSession,
	authorizeSubscribe: (_user, channel) => channel !== "room:staff",
	onConnect: ({ user, channel }) => console.log(`${user} joined ${channel}`),
});

export class Channel extends tidings.Channel {}
export default new Hono().post("/session", async (c) => c.json(await newSession())).route("/sse", tidings.app);
