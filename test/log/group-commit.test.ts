import { describe, expect, it } from "vitest";
import { GroupCommit } from "../../src/log/group-commit.ts";

const LIMITS = { requests: 500, weight: 1000, waitingRequests: 10_000, waitingWeight: 20_000 };

/** A disk whose writes finish when the test says so. */
class Disk {
	readonly groups: number[][] = [];
	readonly #writes: PromiseWithResolvers<void>[] = [];

	readonly commit = async (group: number[]): Promise<string[]> => {
		this.groups.push(group);
		const write = Promise.withResolvers<void>();
		this.#writes.push(write);
		await write.promise;
		return group.map((request) => `answer ${request}`);
	};

	async finish(): Promise<void> {
		this.#writes.shift()?.resolve();
		await settle();
	}

	async fail(error: unknown): Promise<void> {
		this.#writes.shift()?.reject(error);
		await settle();
	}
}

/** Runs all pending microtasks. */
async function settle(): Promise<void> {
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

/** Submits one request. */
function submit<Answer>(commits: GroupCommit<number, Answer>, request: number, weight: number): Promise<Answer> {
	return new Promise((resolve, reject) => commits.submit([{ request, weight, resolve, reject }]));
}

function numbers(first: number, last: number): number[] {
	return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe("submit", () => {
	it("commits a lone request at once", async () => {
		const disk = new Disk();
		const answer = submit(new GroupCommit(LIMITS, disk.commit), 1, 1);
		expect(disk.groups).toEqual([[1]]);
		await disk.finish();
		expect(await answer).toBe("answer 1");
	});

	it("groups the requests that arrive during a commit, in order", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const answers = numbers(1, 4).map((request) => submit(commits, request, 1));
		expect(disk.groups).toEqual([[1]]);
		await disk.finish();
		expect(disk.groups).toEqual([[1], [2, 3, 4]]);
		await disk.finish();
		expect(await Promise.all(answers)).toEqual(numbers(1, 4).map((request) => `answer ${request}`));
	});

	it("commits what is submitted together as one group", async () => {
		const disk = new Disk();
		const answers: string[] = [];
		const submissions = numbers(1, 3).map((request) => ({
			request,
			weight: 1,
			resolve: (answer: string) => void answers.push(answer),
			reject: () => undefined,
		}));
		new GroupCommit(LIMITS, disk.commit).submit(submissions);
		expect(disk.groups).toEqual([[1, 2, 3]]);
		await disk.finish();
		expect(answers).toEqual(["answer 1", "answer 2", "answer 3"]);
	});

	it("lets more requests come before it forms a group", async () => {
		const disk = new Disk();
		const gathered = Promise.withResolvers<void>();
		const commits = new GroupCommit(LIMITS, disk.commit, () => gathered.promise);
		for (const request of [1, 2]) void submit(commits, request, 1);
		await settle();
		expect(disk.groups).toEqual([]);
		gathered.resolve();
		await settle();
		expect(disk.groups).toEqual([[1, 2]]);
	});

	it("never has two commits in flight", async () => {
		let underWay = 0;
		let most = 0;
		const commits = new GroupCommit(LIMITS, async (group: number[]) => {
			underWay += 1;
			most = Math.max(most, underWay);
			await settle();
			underWay -= 1;
			return group;
		});
		const answers: Promise<number>[] = [];
		for (const request of numbers(1, 50)) {
			answers.push(submit(commits, request, 1));
			if (request % 3 === 0) await Promise.resolve();
		}
		expect(await Promise.all(answers)).toEqual(numbers(1, 50));
		expect(most).toBe(1);
	});

	it("answers requests only when their group is committed", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const answered: string[] = [];
		for (const request of [1, 2]) void submit(commits, request, 1).then((answer) => answered.push(answer));
		await settle();
		expect(answered).toEqual([]);
		await disk.finish();
		expect(answered).toEqual(["answer 1"]);
		await disk.finish();
		expect(answered).toEqual(["answer 1", "answer 2"]);
	});

	it("limits a group to 500 requests", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const answers = numbers(0, 1001).map((request) => submit(commits, request, 1));
		for (let group = 0; group < 4; group += 1) await disk.finish();
		expect(disk.groups.map(({ length }) => length)).toEqual([1, 500, 500, 1]);
		expect(disk.groups.flat()).toEqual(numbers(0, 1001));
		expect((await Promise.all(answers)).at(-1)).toBe("answer 1001");
	});

	it("fails all requests of a failed group, and continues with the next", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const first = submit(commits, 1, 1);
		const group = [2, 3].map((request) => submit(commits, request, 1).catch((error: unknown) => error));
		await disk.finish();
		const last = submit(commits, 4, 1);
		const failure = new Error("disk full");
		await disk.fail(failure);
		expect(await Promise.all(group)).toEqual([failure, failure]);
		await disk.finish();
		expect(await first).toBe("answer 1");
		expect(await last).toBe("answer 4");
	});

	it("rejects the request when the commit throws synchronously", async () => {
		let calls = 0;
		const commits = new GroupCommit(LIMITS, (group: number[]) => {
			calls += 1;
			if (calls === 1) throw new Error("no");
			return Promise.resolve(group);
		});
		await expect(submit(commits, 1, 1)).rejects.toThrow("no");
		await expect(submit(commits, 2, 1)).resolves.toBe(2);
	});

	it("commits at once again when it is idle", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		void submit(commits, 1, 1);
		await disk.finish();
		void submit(commits, 2, 1);
		expect(disk.groups).toEqual([[1], [2]]);
	});

	it("accepts a request that is submitted in response to an answer", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const answer = submit(commits, 1, 1).then(() => submit(commits, 2, 1));
		await disk.finish();
		await disk.finish();
		expect(await answer).toBe("answer 2");
	});
});

describe("isFull", () => {
	it("is true when 10,000 requests wait, and not before", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		expect(commits.isFull).toBe(false);
		for (const request of numbers(0, 9999)) void submit(commits, request, 1);
		expect(commits.isFull).toBe(false);
		void submit(commits, 10_000, 1);
		expect(commits.isFull).toBe(true);
		await disk.finish();
		expect(commits.isFull).toBe(false);
	});

	it("is also true when the waiting requests are too heavy", () => {
		const commits = new GroupCommit(LIMITS, new Disk().commit);
		void submit(commits, 1, 1);
		void submit(commits, 2, 19_999);
		expect(commits.isFull).toBe(false);
		void submit(commits, 3, 1);
		expect(commits.isFull).toBe(true);
	});
});

describe("weight", () => {
	it("limits a group, and a request that is too heavy goes alone", async () => {
		const disk = new Disk();
		const commits = new GroupCommit(LIMITS, disk.commit);
		const weights = [1, 400, 600, 1, 5000, 999, 1];
		weights.forEach((weight, request) => void submit(commits, request, weight));
		while (disk.groups.flat().length < weights.length) await disk.finish();
		expect(disk.groups).toEqual([[0], [1, 2], [3], [4], [5, 6]]);
	});
});

describe("submitWhenRoom", () => {
	it("holds requests while the queue is full, and queues them in order before any that come later", async () => {
		const disk = new Disk();
		const commits = new GroupCommit({ ...LIMITS, requests: 2, waitingRequests: 2 }, disk.commit);
		const answers: string[] = [];
		const whenRoom = (request: number) => {
			const resolve = (answer: string) => void answers.push(answer);
			commits.submitWhenRoom({ request, weight: 1, resolve, reject: () => undefined });
		};
		for (const request of numbers(1, 7)) whenRoom(request);
		expect(disk.groups).toEqual([[1]]);
		for (let finished = 0; finished < 4; finished += 1) await disk.finish();
		expect(disk.groups).toEqual([[1], [2, 3], [4, 5], [6, 7]]);
		expect(answers).toEqual(numbers(1, 7).map((request) => `answer ${request}`));
		expect(commits.isIdle).toBe(true);
	});
});
