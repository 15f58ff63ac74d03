/** `npm run cost`: writes the tables of docs/cost.md anew, from what is counted and the prices. */
import { join } from "node:path";
import { writeTables } from "../page-tables.ts";
import { answerRows, billRows, countedRows, usageRows } from "./tables.ts";

const PAGE = join(import.meta.dirname, "../../docs/cost.md");
await writeTables(PAGE, "cost", { bill: billRows, answers: answerRows, usage: usageRows, counted: countedRows });
