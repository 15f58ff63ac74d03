/** Two components that share one connection. One shows the orders, the other the state of the connection. */
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import type { ReceivedEvent } from "tidings/client";
import { logIn } from "./log-in.ts";
import { SharedConnection } from "./shared-connection.ts";
import { useEvents } from "./use-events.ts";

/** The types of the events on the channel `orders`, and their data. */
interface OrderEvents {
	order: { id: number; state: string };
}

const connection = new SharedConnection<OrderEvents>({ url: TIDINGS_URL, channels: ["orders"], getToken: logIn });

function Orders() {
	const [events, setEvents] = useState<ReceivedEvent<OrderEvents>[]>([]);
	const [isIncomplete, setIncomplete] = useState(false);
	useEvents(connection, {
		onEvent: (event) => setEvents((events) => [...events, event]),
		onGap: () => setIncomplete(true),
	});
	return (
		<>
			{isIncomplete && <p role="alert">Some orders are missing here: load the page again.</p>}
			<ol>
				{events.map(({ id, data }) => (
					<li key={id}>
						Order {data.id} is {data.state}.
					</li>
				))}
			</ol>
		</>
	);
}

function Status() {
	return <output>{useEvents(connection).name}</output>;
}

function App() {
	const [isWatching, setWatching] = useState(true);
	return (
		<>
			<button type="button" onClick={() => setWatching(!isWatching)}>
				{isWatching ? "Stop" : "Watch"}
			</button>
			{isWatching && <Status />}
			{isWatching && <Orders />}
		</>
	);
}

createRoot(document.body.appendChild(document.createElement("main"))).render(
	<StrictMode>
		<App />
	</StrictMode>,
);
