import { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { limitPublishing, type RateLimitEnv } from "../rate-limit.ts";
import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";
import { CLOSE_CODES } from "../wire/close-codes.ts";
import { type PublishConditions, publishRequest } from "../wire/conditions.ts";
import type { NewEvent } from "../wire/event.ts";
import {
	checkPublishMessage,
	parsePublishMessage,
	publishMessageText,
	refusedAnswer,
	storedAnswer,
} from "../wire/publish-message.ts";
import { type HeldPublisher, publisherId } from "../wire/publisher-link.ts";
import { InOrder } from "./in-order.ts";
import { Linger } from "./linger.ts";
import type { Publish } from "./publishing.ts";
import type { Unanswered } from "./unanswered.ts";

/** What survives hibernation: who publishes, and what the log will say of it. */
export interface PersistedPublisher {
	publisher: HeldPublisher;
	/** When the WebSocket was opened, in Unix milliseconds. */
	openedAt: number;
	/** The number of messages that came. */
	messages: number;
	/** The number of events that they stored. */
	events: number;
}

/** A message that is not answered yet. */
interface Message {
	ref: number;
	characters: number;
	/** In Unix milliseconds. */
	arrivedAt: number;
	/** Says that it was checked, and what it publishes unless it was refused. */
	check: (checked: { publish?: Publish }) => void;
	answer: (answer: Answer) => void;
}

interface Answer {
	text: string;
	/** The size of the message that it answers, if that was one that waited. */
	characters?: number;
}

interface PublisherSocketOptions {
	socket: WebSocket;
	persisted: PersistedPublisher;
	env: RateLimitEnv;
	maxEventBytes: number;
	logger: Logger;
	/** What this publisher waits for. */
	own: Unanswered;
	/** What all publishers of the channel wait for. */
	all: Unanswered;
	submit: (publishes: Publish[]) => void;
	/** Writes down what survives hibernation. */
	persist: (persisted: PersistedPublisher) => void;
	/** Events were stored that had not been stored before. */
	stored: (events: number, milliseconds: number) => void;
	/** Every message was answered after `end()`, which had these arguments. */
	ended: (code: number, reason: string, persisted: PersistedPublisher) => void;
}

/** One publisher who stays: checks what comes over its WebSocket, and answers in the order in which it came. */
export class PublisherSocket {
	readonly publisher: HeldPublisher;
	readonly #options: PublisherSocketOptions;
	readonly #persisted: PersistedPublisher;
	readonly #linger: Linger<Publish>;
	/** Messages are published in the order in which they came, although some take longer to check than others. */
	readonly #checks: InOrder<{ publish?: Publish }>;
	readonly #answers: InOrder<Answer>;
	#end: { code: number; reason: string } | undefined;

	constructor(options: PublisherSocketOptions) {
		const { persisted, submit } = options;
		this.publisher = persisted.publisher;
		this.#options = options;
		this.#persisted = { ...persisted };
		this.#linger = new Linger(persisted.publisher.linger, submit);
		this.#checks = new InOrder((checked) => this.#submit(checked));
		this.#answers = new InOrder((answers) => this.#send(answers));
	}

	/** Takes a message, unless the end has come. */
	receive(data: string | ArrayBuffer): void {
		if (this.#end) return;
		const { own, maxEventBytes } = this.#options;
		try {
			const text = publishMessageText(data, maxEventBytes);
			if (own.hasRoomFor(text.length)) this.#take(text);
			else this.end(CLOSE_CODES.tryAgainLater, "rate_limited");
		} catch (error) {
			// No answer can say which message it is for.
			const problem = this.#problemOf(error);
			this.#answers.place()({ text: refusedAnswer(null, problem) });
			this.end(CLOSE_CODES.badRequest, problem.code);
		}
	}

	/** Takes no more messages. Those that came are stored and answered, and then the WebSocket is closed. */
	end(code: number, reason: string): void {
		if (this.#end) return;
		this.#end = { code, reason };
		this.#linger.end();
		this.#endIfAnswered();
	}

	/** @throws Problem `invalid_request` if the message cannot be answered. */
	#take(text: string): void {
		const { env, all, maxEventBytes } = this.#options;
		const parsed = parsePublishMessage(text);
		const hasRoom = all.hasRoomFor(text.length);
		const message = this.#enter(parsed.ref, text.length);
		try {
			if (!hasRoom) throw tooMuch();
			const { events, conditions } = checkPublishMessage(parsed, maxEventBytes);
			const { idempotencyKey, ifHead, end } = conditions;
			if (env.PUBLISH_RATE_LIMIT === undefined && idempotencyKey === undefined) {
				this.#publish(message, { events, ...(ifHead !== undefined && { ifHead }), ...(end && { end }) });
			} else void this.#prepare(message, events, conditions);
		} catch (error) {
			this.#refuse(message, error);
		}
	}

	#enter(ref: number, characters: number): Message {
		this.#options.own.add(characters);
		this.#options.all.add(characters);
		this.#persisted.messages += 1;
		const [check, answer] = [this.#checks.place(), this.#answers.place()];
		return { ref, characters, arrivedAt: Date.now(), check, answer };
	}

	async #prepare(message: Message, events: NewEvent[], conditions: PublishConditions): Promise<void> {
		const { publisher } = this;
		try {
			await limitPublishing(this.#options.env, { id: publisherId(publisher) });
			this.#publish(message, await publishRequest(events, conditions, publisher.user));
		} catch (error) {
			this.#refuse(message, error);
		}
	}

	#publish(message: Message, request: PublishRequest): void {
		const resolve = (outcome: PublishOutcome) => this.#settle(message, request, outcome);
		const reject = (cause: unknown) => {
			const detail = "The events could not be stored just now. Try again, with an idempotency key.";
			this.#answerRefused(message, new Problem("channel_unavailable", detail, { cause }));
		};
		message.check({ publish: { request, resolve, reject } });
	}

	#refuse(message: Message, error: unknown): void {
		message.check({});
		this.#answerRefused(message, this.#problemOf(error));
	}

	#submit(checked: { publish?: Publish }[]): void {
		const publishes = checked.flatMap(({ publish }) => publish ?? []);
		if (publishes.length > 0) this.#linger.add(publishes);
	}

	#settle(message: Message, { events }: PublishRequest, outcome: PublishOutcome): void {
		if (!outcome.ok) {
			this.#answerRefused(message, new Problem(outcome.code, outcome.detail));
			return;
		}
		if (!outcome.replayed) {
			this.#persisted.events += events.length;
			this.#options.stored(events.length, Date.now() - message.arrivedAt);
		}
		const { ref, characters } = message;
		message.answer({ text: storedAnswer(ref, outcome.receipt), characters });
	}

	#answerRefused({ ref, characters, answer }: Message, problem: Problem): void {
		answer({ text: refusedAnswer(ref, problem), characters });
	}

	#send(answers: Answer[]): void {
		const { socket, own, all, persist } = this.#options;
		for (const { text, characters } of answers) {
			if (characters !== undefined) {
				own.remove(characters);
				all.remove(characters);
			}
			if (socket.readyState === WebSocket.OPEN) socket.send(text);
		}
		if (this.#end) this.#endIfAnswered();
		else if (this.#answers.size === 0) persist(this.#persisted);
	}

	#endIfAnswered(): void {
		if (!this.#end || this.#answers.size > 0) return;
		const { code, reason } = this.#end;
		this.#options.ended(code, reason, this.#persisted);
	}

	#problemOf(error: unknown): Problem {
		const problem = Problem.of(error);
		if (problem.status >= 500)
			this.#options.logger.outcome("A message of a publisher failed.", problem.status, problem);
		return problem;
	}
}

function tooMuch(): Problem {
	const detail = "Too many messages of publishers wait for this channel. Wait for the answers, or send batches.";
	return new Problem("rate_limited", detail);
}
