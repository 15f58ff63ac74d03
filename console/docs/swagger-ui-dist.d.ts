/** The part that is used here. The package has no types. */
declare module "swagger-ui-dist/swagger-ui-bundle.js" {
	interface Options {
		dom_id: string;
		url: string;
		queryConfigEnabled: boolean;
		validatorUrl: null;
		requestInterceptor(request: object): object;
	}
	export default function SwaggerUI(options: Options): void;
}
