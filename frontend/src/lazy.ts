/** Load the charts' own bundle when a page has a chart. */
const script = document.currentScript as HTMLScriptElement | null;

export async function charts(root: ParentNode): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>("[data-chart]:not([data-drawn])")];
  const address = script?.dataset.charts;
  if (!found.length || !address) return;
  for (const element of found) element.dataset.drawn = "";
  const module = (await import(address)) as typeof import("./charts");
  found.forEach(module.draw);
}
