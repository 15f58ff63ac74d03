import { useEffect, useEffectEvent, useState } from "react";
import type { ConnectionState, Gap, Handlers, ReceivedEvent } from "tidings/client";
import type { SharedConnection } from "./shared-connection.ts";

/**
 * Tells a component's handlers what comes while it is mounted; answers with how the connection stands.
 *
 * @example
 * const { name } = useEvents(orders, { onEvent: ({ data }) => setLatest(data) });
 */
export function useEvents<Events>(
	connection: SharedConnection<Events>,
	handlers: Pick<Handlers<Events>, "onEvent" | "onGap"> = {},
): ConnectionState {
	const [state, setState] = useState<ConnectionState>({ name: "connecting" });
	// Those of the latest render are called; new ones are no reason to subscribe anew.
	const onEvent = useEffectEvent((event: ReceivedEvent<Events>) => handlers.onEvent?.(event));
	const onGap = useEffectEvent((gap: Gap) => handlers.onGap?.(gap));
	useEffect(() => connection.join({ onEvent, onGap, onState: setState }), [connection]);
	return state;
}
