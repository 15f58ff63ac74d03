import SwaggerUI from "swagger-ui-dist/swagger-ui-bundle.js";
import { readBriefly } from "./stream.ts";

const darkness = matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI has a dark style, but leaves it to others to choose it. */
function chooseStyle(): void {
	document.documentElement.classList.toggle("dark-mode", darkness.matches);
}

chooseStyle();
darkness.addEventListener("change", chooseStyle);

SwaggerUI({
	dom_id: "#docs",
	// Where the service is: this page may be below the path that a Worker mounts the app under.
	url: "openapi.json",
	// The address of the page decides nothing, and nobody else is asked about the document.
	queryConfigEnabled: false,
	validatorUrl: null,
	requestInterceptor: (request) => Object.assign(request, { userFetch: readBriefly }),
});
