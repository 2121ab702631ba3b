/** Flash messages can be closed; a request that failed says so in the page's own words (`data-fault` of the region). */
export function toasts(): void {
  document.addEventListener("click", (event) => {
    (event.target as Element).closest("[data-close]")?.closest(".alert")?.remove();
  });
  for (const kind of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(kind, () => {
      const region = document.querySelector<HTMLElement>("#flash");
      const template = document.querySelector<HTMLTemplateElement>("#fault");
      if (region && template && !region.querySelector(".fault")) region.append(template.content.cloneNode(true));
    });
  }
}
