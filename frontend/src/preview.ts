/** `<details>` with `[data-preview]` inside shows a Markdown text as people will read it, while one writes. */
export function previews(): void {
  for (const shown of document.querySelectorAll<HTMLElement>("[data-preview]")) {
    const field = document.getElementById(shown.dataset.previewOf ?? "") as HTMLTextAreaElement | null;
    const details = shown.closest("details");
    if (!field || !details) continue;
    let waiting = 0;
    const show = async () => {
      if (!details.open) return;
      const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
      const body = new URLSearchParams({ text: field.value, language: shown.dataset.language ?? "" });
      const answer = await fetch(shown.dataset.preview ?? "", { method: "POST", headers: { "X-CSRFToken": token }, body });
      if (answer.ok) shown.innerHTML = await answer.text();
    };
    details.addEventListener("toggle", show);
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(show, 400);
    });
  }
}
