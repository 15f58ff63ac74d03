/** Finds an element of `index.html` by its id. */
export function element<Type extends HTMLElement>(id: string, type: abstract new () => Type): Type {
	const found = document.getElementById(id);
	if (found instanceof type) return found;
	throw new Error(`The page has no ${type.name} with the id ${id}.`);
}

/** Creates an element with text. The text is never parsed as HTML, whatever was published. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
	tag: Tag,
	className: string,
	text = "",
): HTMLElementTagNameMap[Tag] {
	const created = document.createElement(tag);
	created.className = className;
	created.textContent = text;
	return created;
}

/** Calls back when a form is submitted, in place of a navigation. */
export function whenSubmitted(form: HTMLFormElement, act: () => void | Promise<void>): void {
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void act();
	});
}

/** Runs an action, and shows on the page why it failed. */
export async function showProblems(place: HTMLElement, act: () => Promise<void>): Promise<void> {
	place.textContent = "";
	try {
		await act();
	} catch (error) {
		place.textContent = messageOf(error);
	}
}

export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
