import { element, sayProblems, whenSent } from "./page.ts";
import { logIn, readIssuer } from "./service.ts";
import type { Session } from "./session.ts";
import { clock } from "./words.ts";

/** Signs a user in at the issuer, or with a token of theirs; and out. */
export async function showSignIn(session: Session): Promise<void> {
	const username = element("username", HTMLInputElement);
	const password = element("password", HTMLInputElement);
	const token = element("token", HTMLTextAreaElement);
	const problem = element("sign-in-problem", HTMLElement);
	const issuer = readIssuer();

	whenSent(element("login-form", HTMLFormElement), () =>
		sayProblems(problem, async () => {
			session.signIn(await logIn((await issuer) ?? "", username.value, password.value));
			password.value = "";
			element("channels", HTMLInputElement).focus();
		}),
	);
	whenSent(element("token-form", HTMLFormElement), () => {
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

	await sayProblems(problem, async () => {
		const url = await issuer;
		element("issuer-hint", HTMLElement).textContent = url === null ? "" : hintAt(url);
		if (url !== null) return;
		// It is not known where to sign in.
		element("login-form", HTMLFormElement).hidden = true;
		element("paste", HTMLDetailsElement).open = true;
	});
}

function hintAt(issuer: string): string {
	const { hostname } = new URL(issuer);
	const local =
		hostname === "localhost" ? " Its users are demo, alice and bob, each with their name for a password." : "";
	return `At ${issuer}.${local}`;
}

function showUser({ user }: Session): void {
	element("sign-in", HTMLElement).hidden = user !== undefined;
	element("signed-in", HTMLElement).hidden = user === undefined;
	element("user", HTMLElement).textContent = user?.name ?? "";
	element("token-end", HTMLElement).textContent = user?.endsAt === undefined ? "" : `, until ${clock(user.endsAt)}`;
}
