/** `<button data-copy="text" data-copied="Copied">` puts the text on the clipboard and says so. */
export function copying(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-copy]");
    if (!button) return;
    const text = button.dataset.copy || document.querySelector(button.dataset.copyFrom ?? "#none")?.textContent || "";
    await navigator.clipboard.writeText(text);
    const label = button.querySelector<HTMLElement>("[data-label]") ?? button;
    const before = label.textContent;
    label.textContent = button.dataset.copied ?? "✓";
    setTimeout(() => (label.textContent = before), 1500);
  });
}
