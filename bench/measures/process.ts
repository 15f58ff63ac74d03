import { readFileSync } from "node:fs";

/** The unit of CPU times in `/proc`: `sysconf(_SC_CLK_TCK)` is 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** The CPU time that processes have used, in user and kernel mode. */
export function cpuSeconds(pids: number[]): number {
	return pids.reduce((sum, pid) => sum + cpuTicks(pid), 0) / TICKS_PER_SECOND;
}

/** The resident memory of processes. */
export function residentBytes(pids: number[]): number {
	return pids.reduce((sum, pid) => sum + residentKilobytes(pid), 0) * 1024;
}

function cpuTicks(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The name is in parentheses and may hold any character. utime and stime are the 12th and 13th field after it.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return Number(fields[11]) + Number(fields[12]);
}

function residentKilobytes(pid: number): number {
	const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
	return Number(kilobytes);
}

/** Files that a process needs beside its streams. */
const SPARE_FILES = 1000;
/** workerd opens the socket of a connection a second time while it answers over it, to notice that the client is gone. */
const FILES_OF_STREAM = 2;

/** How many streams a process of workerd can hold. */
export function streamsOfProcess(): number {
	return Math.floor((openFilesLimit() - SPARE_FILES) / FILES_OF_STREAM);
}

/** The same where thousands of them may come back before the process has closed the connections that they had before. */
export function returningStreamsOfProcess(): number {
	return Math.floor(streamsOfProcess() * 0.75);
}

/** How many files and sockets this process may open. Node raises the soft limit to the hard limit when it starts. */
export function openFilesLimit(): number {
	const [, limit] = /Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
	return Number(limit);
}
