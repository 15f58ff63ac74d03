import { JsonEditor } from "./json-editor.ts";
import { element, sayProblems, whenSent } from "./page.ts";
import { publish } from "./service.ts";
import type { Session } from "./session.ts";
import { count } from "./words.ts";

const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

/** Publishes an event to a channel. */
export function showPublishing(session: Session): void {
	const channel = element("publish-channel", HTMLInputElement);
	const type = element("type", HTMLInputElement);
	const receipt = element("receipt", HTMLElement);
	const button = element("publish-button", HTMLButtonElement);

	const enable = () => {
		button.disabled = session.publishCredential === "" || !data.isValid || !to.isValid;
	};
	const edit = (id: string, isOptional: boolean) => {
		const problem = element(`${id}-problem`, HTMLElement);
		return new JsonEditor(element(id, HTMLTextAreaElement), problem, { isOptional, changed: () => enable() });
	};
	const data = edit("data", false);
	const to = edit("to", true);

	whenSent(element("publish-form", HTMLFormElement), () =>
		sayProblems(element("publish-problem", HTMLElement), async () => {
			receipt.textContent = "";
			const event = { type: type.value, data: data.value, ...(to.value !== undefined && { to: to.value }) };
			const { ids, subscribers } = await publish(session.publishCredential, channel.value.trim(), event);
			const streams = subscribers === 1 ? "1 stream was" : `${count(subscribers)} streams were`;
			receipt.textContent = `Stored as ${ids.join()}; ${streams} open.`;
		}),
	);
	showKey(session);
	session.onChange(enable);
	enable();
}

/** The field for the publish key, and what there is to publish with. */
function showKey(session: Session): void {
	const key = element("publish-key", HTMLInputElement);
	const hint = element("key-hint", HTMLElement);
	const where = isLocal
		? "The local one stands in .dev.vars, as PUBLISH_KEYS."
		: "It is one of the secret PUBLISH_KEYS.";
	const show = () => {
		if (session.publishKey === "") key.value = "";
		hint.textContent = session.publishKey === "" ? `${missing(session)} ${where}` : "It stays in this tab.";
	};
	key.value = session.publishKey;
	whenSent(element("key-form", HTMLFormElement), () => element("publish-channel", HTMLInputElement).focus());
	key.addEventListener("input", () => session.keepPublishKey(key.value.trim()));
	session.onChange(show);
	show();
}

function missing({ token }: Session): string {
	return token === ""
		? "Without it, nothing can be published."
		: "Without it, you publish as yourself, which takes a publish claim in your token.";
}
