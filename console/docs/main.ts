import SwaggerUI from "swagger-ui-dist/swagger-ui-bundle.js";
import { readBriefly } from "./stream.ts";

const darkness = matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI has a dark style, but does not switch to it by itself. */
function chooseStyle(): void {
	document.documentElement.classList.toggle("dark-mode", darkness.matches);
}

chooseStyle();
darkness.addEventListener("change", chooseStyle);

SwaggerUI({
	dom_id: "#docs",
	// Relative, because a Worker may mount the app, and this page, below a path.
	url: "openapi.json",
	// The query of the page changes nothing, and the document is not sent to a validator elsewhere.
	queryConfigEnabled: false,
	validatorUrl: null,
	requestInterceptor: (request) => Object.assign(request, { userFetch: readBriefly }),
});
