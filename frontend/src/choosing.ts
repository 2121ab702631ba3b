/** Ticking rows: `<input data-checks="id">` ticks every box named so in its table; `<span data-checked="id">` counts them. */
export function choosing(): void {
  const boxes = (name: string, within: ParentNode) =>
    [...within.querySelectorAll<HTMLInputElement>(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
  const show = () => {
    for (const all of document.querySelectorAll<HTMLInputElement>("input[data-checks]")) {
      const own = boxes(all.dataset.checks ?? "", all.closest("table") ?? document);
      const ticked = own.filter((box) => box.checked).length;
      all.hidden = false;
      all.checked = own.length > 0 && ticked === own.length;
      all.indeterminate = ticked > 0 && ticked < own.length;
    }
    for (const count of document.querySelectorAll<HTMLElement>("[data-checked]")) {
      const ticked = boxes(count.dataset.checked ?? "", document).filter((box) => box.checked).length;
      count.textContent = ticked ? `(${ticked})` : "";
      const button = count.closest("button");
      if (button) button.disabled = ticked === 0;
    }
  };
  document.addEventListener("change", (event) => {
    const all = event.target as HTMLInputElement;
    if (all.dataset.checks) for (const box of boxes(all.dataset.checks, all.closest("table") ?? document)) box.checked = all.checked;
    show();
  });
  document.addEventListener("htmx:afterSettle", show);
  window.addEventListener("pageshow", show);
  show();
}
