/** A chat, whose answers go on where they were when the page is loaded again, and in every tab that has it open. */
import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import { createRoot } from "react-dom/client";
import { transport } from "./transport.ts";

const id = new URLSearchParams(location.search).get("chat") ?? "1";

function Chat({ loaded }: { loaded: UIMessage[] }) {
	const { messages, sendMessage, status, error, resumeStream } = useChat({
		id,
		messages: loaded,
		resume: true,
		transport,
	});
	const isAnswering = status === "submitted" || status === "streaming";
	return (
		<>
			{messages.map(({ id, role, parts }) => (
				<p key={id} className={role}>
					{parts.map((part) => part.type === "text" && part.text)}
				</p>
			))}
			{error && (
				<p role="alert">
					{error.message}{" "}
					<button type="button" onClick={() => resumeStream()}>
						Try again
					</button>
				</p>
			)}
			<form action={(form) => void sendMessage({ text: `${form.get("text")}` })}>
				<input name="text" aria-label="Message" disabled={isAnswering} required />
				<button type="submit" disabled={isAnswering}>
					Send
				</button>
				{/* The backend ends the answer, for all who read it. */}
				<button type="button" disabled={!isAnswering} onClick={() => fetch(`/api/chat/${id}/stop`, { method: "POST" })}>
					Stop
				</button>
				<output>{status}</output>
			</form>
		</>
	);
}

const loaded: UIMessage[] = await (await fetch(`/api/chat/${id}`)).json();
createRoot(document.body.appendChild(document.createElement("main"))).render(<Chat loaded={loaded} />);
