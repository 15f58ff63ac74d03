import { GoProgram } from "./go-program.ts";
import { GoServer } from "./go-server.ts";

const KEY = "a-key-for-publishers-of-the-bench";

/** Centrifugo with its engine in memory, and unidirectional server-sent events for anonymous clients. */
export function createCentrifugo(): GoServer {
	return new GoServer({
		name: "centrifugo",
		program: GoProgram.published("github.com/centrifugal/centrifugo/v6", "v6.9.1", "centrifugo"),
		env: (port) => ({
			CENTRIFUGO_HTTP_SERVER_ADDRESS: "127.0.0.1",
			CENTRIFUGO_HTTP_SERVER_PORT: `${port}`,
			CENTRIFUGO_HTTP_API_KEY: KEY,
			CENTRIFUGO_UNI_SSE_ENABLED: "true",
			CENTRIFUGO_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN: "true",
			CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT: "true",
			CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_ANONYMOUS: "true",
			// The bench's channels have colons in their names, which mean nothing.
			CENTRIFUGO_CHANNEL_NAMESPACE_BOUNDARY: "/",
			CENTRIFUGO_LOG_LEVEL: "error",
			CENTRIFUGO_USAGE_STATS_DISABLED: "true",
		}),
		endpoint: (port, channel) => {
			const connect = encodeURIComponent(JSON.stringify({ subs: { [channel]: {} } }));
			return {
				port,
				channel,
				stream: { path: `/connection/uni_sse?cf_connect=${connect}`, headers: {} },
				publish: { path: "/api/batch", headers: { "X-API-Key": KEY }, form: "centrifugo" },
			};
		},
	});
}
