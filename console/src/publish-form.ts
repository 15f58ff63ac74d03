import type { EventInput } from "../../src/wire/intake.ts";
import { JsonEditor } from "./json-editor.ts";
import { element, showProblems, whenSubmitted } from "./page.ts";
import { publish } from "./service.ts";
import type { Session } from "./session.ts";
import { count } from "./words.ts";

const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

/** Sets up the form that publishes an event to a channel. */
export function showPublishing(session: Session): void {
	const channel = element("publish-channel", HTMLInputElement);
	const type = element("type", HTMLInputElement);
	const receipt = element("receipt", HTMLElement);
	const button = element("publish-button", HTMLButtonElement);

	const enable = () => {
		button.disabled = session.publishCredential === undefined || !data.isValid || !to.isValid;
	};
	const edit = (id: string, isOptional: boolean) => {
		const problem = element(`${id}-problem`, HTMLElement);
		return new JsonEditor(element(id, HTMLTextAreaElement), problem, { isOptional, changed: () => enable() });
	};
	const data = edit("data", false);
	const to = edit("to", true);

	whenSubmitted(element("publish-form", HTMLFormElement), () =>
		showProblems(element("publish-problem", HTMLElement), async () => {
			receipt.textContent = "";
			const credential = session.publishCredential;
			if (credential === undefined) return;
			// The service checks what was typed.
			const event = {
				type: type.value,
				data: data.value,
				...(to.value !== undefined && { to: to.value }),
			} as EventInput;
			const { ids, subscribers } = await publish(credential, channel.value.trim(), event);
			const streams = subscribers === 1 ? "1 stream was" : `${count(subscribers)} streams were`;
			receipt.textContent = `Stored as ${ids.join()}; ${streams} open.`;
		}),
	);
	showKey(session);
	session.onChange(enable);
	enable();
}

/** Sets up the field for the publish key, and shows what the page publishes with. */
function showKey(session: Session): void {
	const key = element("publish-key", HTMLInputElement);
	const hint = element("key-hint", HTMLElement);
	const where = isLocal
		? "The local key is PUBLISH_KEYS in .dev.vars."
		: "It is one of the keys in the secret PUBLISH_KEYS.";
	const show = () => {
		if (session.publishKey === undefined) key.value = "";
		hint.textContent = session.publishKey === undefined ? `${missing(session)} ${where}` : "The key stays in this tab.";
	};
	key.value = session.publishKey ?? "";
	whenSubmitted(element("key-form", HTMLFormElement), () => element("publish-channel", HTMLInputElement).focus());
	key.addEventListener("input", () => session.setPublishKey(key.value.trim() || undefined));
	session.onChange(show);
	show();
}

function missing({ token }: Session): string {
	return token === undefined
		? "Without a key, you cannot publish."
		: "Without a key, you publish as yourself. Your token needs a publish claim for that.";
}
