import { Hono } from "hono";
import type { AppEnv } from "./env.ts";

/** `GET /health`: that the settings are usable, which was checked on the way here. */
export const health = new Hono<AppEnv>().get("/health", (c) => c.json({ status: "healthy" }));
