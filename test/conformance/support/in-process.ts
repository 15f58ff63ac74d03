import { call, PUBLISH_KEY } from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";
import type { Target } from "./target.ts";

/** The service in this workerd. */
export const target: Target = {
	publishKey: PUBLISH_KEY,
	prefix: "",
	send: call,
	openSocket: (path, headers) => SocketReader.open(headers, undefined, path),
};
