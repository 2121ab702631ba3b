/** `/` goes to the page's search; `g` and a letter goes to a page of the navigation (`data-key`). */
export function keyboard(): void {
  let going = false;
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") {
      const search = document.querySelector<HTMLInputElement>("input[type=search]");
      if (search) event.preventDefault();
      search?.focus();
    } else if (event.key === "g") {
      going = true;
      setTimeout(() => (going = false), 1200);
    } else if (going) {
      going = false;
      document.querySelector<HTMLAnchorElement>(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
    }
  });
}
