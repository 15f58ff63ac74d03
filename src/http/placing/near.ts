/** Longitudes that divide a continent into its regions, west of which is the first. */
const NORTH_AMERICA = -100;
const EUROPE = 15;
const ASIA = 60;

/**
 * The region of Durable Objects that is nearest to where a request came from.
 *
 * @param cf what the runtime tells of the request.
 * @returns `undefined` if the runtime does not tell.
 *
 * @example
 * nearTo({ continent: "NA", longitude: "-122.3" }); // "wnam"
 */
export function nearTo(cf: Request["cf"]): DurableObjectLocationHint | undefined {
	const longitude = Number(cf?.longitude ?? Number.NaN);
	switch (cf?.continent) {
		case "NA":
			return longitude < NORTH_AMERICA ? "wnam" : "enam";
		case "SA":
			return "sam";
		case "EU":
			return longitude >= EUROPE ? "eeur" : "weur";
		case "AS":
			return longitude < ASIA ? "me" : "apac";
		case "OC":
			return "oc";
		case "AF":
			return "afr";
		default:
			return undefined;
	}
}
