import { describe, expect, it } from "vitest";
import { RelayNames } from "../../../src/channel/origin/relay-names.ts";
import { withStorage } from "../../support/log.ts";

describe("the names of relays", () => {
	it("outlive the object of the origin, each once", async () => {
		await withStorage(({ sql }) => {
			const names = new RelayNames(sql);
			for (const name of ["1", "weur/1", "1", "2"]) names.add(name);
			names.delete("2");
			expect(new RelayNames(sql).read()).toEqual(["1", "weur/1"]);
		});
	});

	it("take no room on disk in a channel that has none", async () => {
		await withStorage(({ sql }) => {
			const tables = () => [...sql.exec("SELECT name FROM sqlite_master")].length;
			const before = tables();
			expect(new RelayNames(sql).read()).toEqual([]);
			expect(tables()).toBe(before);
		});
	});
});
