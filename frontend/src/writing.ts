/**
 * Writing a campaign: fields are inserted where the caret was, leaving with unsaved changes asks first, Ctrl+S saves, a
 * problem leads to its line, and the preview is as wide as a desktop's or a phone's.
 */
type Field = HTMLInputElement | HTMLTextAreaElement;

export function writing(): void {
  views();
  const form = document.querySelector<HTMLFormElement>("form[data-unsaved]");
  if (!form) return;
  unsaved(form);
  inserting(form);
}

function views(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-view-choice]");
    const view = button?.closest<HTMLElement>("[data-view]");
    if (!button || !view) return;
    view.dataset.view = button.dataset.viewChoice;
    for (const each of view.querySelectorAll("[data-view-choice]")) each.setAttribute("aria-pressed", String(each === button));
  });
}

function unsaved(form: HTMLFormElement): void {
  const written = () => new URLSearchParams(new FormData(form) as unknown as Record<string, string>).toString();
  const note = document.querySelector<HTMLElement>("[data-unsaved-note]");
  // An invalid form comes back with what was written, which is not saved.
  const saved = form.querySelector(".is-invalid") ? "" : written();
  let leaving = false;
  const changed = () => written() !== saved;
  const tell = () => note?.toggleAttribute("hidden", !changed());
  form.addEventListener("input", tell);
  form.addEventListener("submit", () => (leaving = true));
  addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    form.requestSubmit(document.querySelector<HTMLButtonElement>("[data-save]"));
  });
  tell();
}

function inserting(form: HTMLFormElement): void {
  let last = form.elements.namedItem("body") as Field;
  form.addEventListener("focusin", (event) => {
    const field = event.target as Field;
    if (["subject", "preheader", "body"].includes(field.name)) last = field;
  });
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const tag = target.closest<HTMLElement>("[data-insert]");
    if (tag) {
      tag.closest<HTMLElement>("[popover]")?.hidePopover();
      last.focus();
      last.setRangeText(tag.dataset.insert ?? "", last.selectionStart ?? 0, last.selectionEnd ?? 0, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const problem = target.closest<HTMLElement>("[data-goto]");
    if (problem) goTo(form.elements.namedItem(problem.dataset.goto ?? "body") as Field, Number(problem.dataset.line));
  });
}

function goTo(field: Field, line: number): void {
  const before = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const end = field.value.indexOf("\n", before);
  field.focus();
  field.setSelectionRange(before, end < 0 ? field.value.length : end);
}
