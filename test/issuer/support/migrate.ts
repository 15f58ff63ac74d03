import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { D1Migration } from "@cloudflare/vitest-plugin";

const { DB, MIGRATIONS } = env as typeof env & { MIGRATIONS: D1Migration[] };

await applyD1Migrations(DB, MIGRATIONS);
