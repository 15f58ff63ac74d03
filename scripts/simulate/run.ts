/** `npm run simulate`: writes the tables of docs/scale.md anew, from the arithmetic, the prices and the simulation. */
import { join } from "node:path";
import { writeTables } from "../page-tables.ts";
import { costRows, originRows, otherRows, simulationRows } from "./tables.ts";

const PAGE = join(import.meta.dirname, "../../docs/scale.md");
await writeTables(PAGE, "simulate", {
	origin: originRows,
	cost: costRows,
	simulation: simulationRows,
	others: otherRows,
});
