/** The library is built out of `src/` alone, which `package.json` is not in. It stands beside `dist/`, as beside `src/`. */
declare module "*/package.json" {
	export const version: string;
}
