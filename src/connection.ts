import { z } from "zod";

/**
 * The id of an open stream. It tells which channel holds the stream, so that whoever has it can reach the stream again;
 * to clients it is opaque.
 */

const CONNECTION = /^[0-9a-f-]{36}\.(.+)$/;

export const connectionSchema = z
	.string()
	.min(1)
	.meta({ description: "The id of an open stream, as its `connected` tells it. Treat it as opaque." });

/** An id for a stream of a channel that is being opened. */
export function newConnection(channel: string): string {
	return `${crypto.randomUUID()}.${channel}`;
}

/**
 * The channel that holds a connection; `undefined` for text that is no connection's id.
 *
 * @example
 * channelOf("0b0e6a2c-5f0f-4d0e-9a55-1f3a3c6d7e8f.orders"); // "orders"
 * channelOf("orders"); // undefined
 */
export function channelOf(connection: string): string | undefined {
	return CONNECTION.exec(connection)?.[1];
}
