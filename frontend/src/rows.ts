/** Rows that open: `<button data-opens="id of the row below" aria-expanded="false">`; the row is `hidden` until then. */
export function rows(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-opens]");
    const row = button && document.getElementById(button.dataset.opens ?? "");
    if (!button || !row) return;
    row.hidden = !row.hidden;
    button.setAttribute("aria-expanded", String(!row.hidden));
  });
}
