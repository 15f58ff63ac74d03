/** A crowd of clients in a process of its own, so that it can vanish: `node crowd.ts URL COUNT`. */
import { RawSubscriber } from "../e2e/support/raw-subscriber.ts";

const [url = "", count = "0"] = process.argv.slice(2);
const crowd = Array.from({ length: Number(count) }, () => new RawSubscriber(url, "never"));
await Promise.all(crowd.map(({ opened }) => opened));
process.send?.("open");
