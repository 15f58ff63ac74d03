import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../context.ts";

export const healthSchema = z.object({ status: z.literal("healthy") }).meta({ id: "Health" });

/** `GET /health`: that the settings are usable, which was checked on the way here. */
export const health = new Hono<AppEnv>().get("/health", (c) =>
	c.json<z.output<typeof healthSchema>>({ status: "healthy" }),
);
