/** What a publisher is told: where the events stand, and how many streams were open. */
export interface Receipt {
	channel: string;
	/** The ids of the events, in their order. */
	ids: string[];
	subscribers: number;
}
