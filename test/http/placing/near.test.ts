import { describe, expect, it } from "vitest";
import { nearTo } from "../../../src/http/placing/near.ts";

describe("nearTo", () => {
	it.each([
		["Seattle", "NA", "-122.33", "wnam"],
		["Chicago", "NA", "-87.63", "enam"],
		["São Paulo", "SA", "-46.63", "sam"],
		["Lisbon", "EU", "-9.14", "weur"],
		["Berlin", "EU", "13.40", "weur"],
		["Warsaw", "EU", "21.01", "eeur"],
		["Dubai", "AS", "55.27", "me"],
		["Mumbai", "AS", "72.88", "apac"],
		["Tokyo", "AS", "139.69", "apac"],
		["Sydney", "OC", "151.21", "oc"],
		["Nairobi", "AF", "36.82", "afr"],
	])("puts %s into its region", (_, continent, longitude, region) => {
		expect(nearTo({ continent, longitude })).toBe(region);
	});

	it.each([
		["NA", "enam"],
		["EU", "weur"],
		["AS", "apac"],
	])("takes the larger part of %s where the runtime tells no longitude", (continent, region) => {
		expect(nearTo({ continent })).toBe(region);
	});

	it.each([undefined, {}, { continent: "AN" }, { country: "T1" }])("knows nothing from %j", (cf) => {
		expect(nearTo(cf)).toBeUndefined();
	});
});
