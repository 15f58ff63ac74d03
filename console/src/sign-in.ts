import { element, showProblems, whenSubmitted } from "./page.ts";
import { logIn, readIssuer } from "./service.ts";
import type { Session } from "./session.ts";
import { clock } from "./words.ts";

/** Sets up signing in, at the issuer or with a pasted token, and signing out. */
export async function showSignIn(session: Session): Promise<void> {
	const username = element("username", HTMLInputElement);
	const password = element("password", HTMLInputElement);
	const token = element("token", HTMLTextAreaElement);
	const problem = element("sign-in-problem", HTMLElement);
	const issuer = readIssuer();

	whenSubmitted(element("login-form", HTMLFormElement), () =>
		showProblems(problem, async () => {
			const url = await issuer;
			if (url === null) return;
			session.signIn(await logIn(url, username.value, password.value));
			password.value = "";
			element("channels", HTMLInputElement).focus();
		}),
	);
	whenSubmitted(element("token-form", HTMLFormElement), () => {
		session.signIn(token.value.trim());
		token.value = "";
		element("channels", HTMLInputElement).focus();
	});
	element("sign-out", HTMLButtonElement).addEventListener("click", () => {
		session.signOut();
		username.focus();
	});
	session.onChange(() => showUser(session));
	showUser(session);

	await showProblems(problem, async () => {
		const url = await issuer;
		element("issuer-hint", HTMLElement).textContent = url === null ? "" : hintAt(url);
		if (url !== null) return;
		// The page does not know where to sign in.
		element("login-form", HTMLFormElement).hidden = true;
		element("paste", HTMLDetailsElement).open = true;
	});
}

function hintAt(issuer: string): string {
	const { hostname } = new URL(issuer);
	const local =
		hostname === "localhost" ? " Its users are demo, alice and bob. Each one's password is their name." : "";
	return `At ${issuer}.${local}`;
}

function showUser({ user }: Session): void {
	element("sign-in", HTMLElement).hidden = user !== undefined;
	element("signed-in", HTMLElement).hidden = user === undefined;
	element("user", HTMLElement).textContent = user?.name ?? "";
	element("token-end", HTMLElement).textContent = user?.endsAt === undefined ? "" : `, until ${clock(user.endsAt)}`;
}
