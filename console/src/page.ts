/** The element with an id, which is in `index.html`. */
export function element<Type extends HTMLElement>(id: string, type: abstract new () => Type): Type {
	const found = document.getElementById(id);
	if (found instanceof type) return found;
	throw new Error(`The page has no ${type.name} with the id ${id}.`);
}

/** A new element. What it says is set as text: nothing that was published is ever read as HTML. */
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

/** Does what a form is for when it is sent; the page stays where it is. */
export function whenSent(form: HTMLFormElement, act: () => void | Promise<void>): void {
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void act();
	});
}

/** Runs what may fail, and says on the page why it did. */
export async function sayProblems(place: HTMLElement, act: () => Promise<void>): Promise<void> {
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
