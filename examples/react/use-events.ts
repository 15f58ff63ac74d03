import { useEffect, useEffectEvent, useState } from "react";
import type { ConnectionState, Gap, Handlers, ReceivedEvent } from "tidings/client";
import type { SharedConnection } from "./shared-connection.ts";

/**
 * Calls a component's handlers while it is mounted, and returns the state of the connection.
 *
 * @example
 * const { name } = useEvents(orders, { onEvent: ({ data }) => setLatest(data) });
 */
export function useEvents<Events>(
	connection: SharedConnection<Events>,
	handlers: Pick<Handlers<Events>, "onEvent" | "onGap"> = {},
): ConnectionState {
	const [state, setState] = useState<ConnectionState>({ name: "connecting" });
	// Always the handlers of the latest render, without a new subscription for each render.
	const onEvent = useEffectEvent((event: ReceivedEvent<Events>) => handlers.onEvent?.(event));
	const onGap = useEffectEvent((gap: Gap) => handlers.onGap?.(gap));
	useEffect(() => connection.join({ onEvent, onGap, onState: setState }), [connection]);
	return state;
}
