/** The control events of the protocol, with their data. */
export interface ControlEvents {
	connected: { connection: string; user: string; channels: string[]; resumed: boolean; expires: number };
	gap: { channel: string; after: string; oldest: string | null; reason: "trimmed" | "foreign_cursor" };
	expiring: { expires: number };
	presence: { channel: string; user: string; state: "online" | "offline" };
	closing: { reason: "token_expired" | "revoked" | "slow_consumer" | "shutdown"; reconnect: boolean };
}
