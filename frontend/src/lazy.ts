/** Load a bundle of its own when a page needs it: the charts, the editor of a policy. */
const script = document.currentScript as HTMLScriptElement | null;

export async function charts(root: ParentNode): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>("[data-chart]:not([data-drawn])")];
  const address = script?.dataset.charts;
  if (!found.length || !address) return;
  for (const element of found) element.dataset.drawn = "";
  const module = (await import(address)) as typeof import("./charts");
  found.forEach(module.draw);
}

export async function policyEditor(): Promise<void> {
  const form = document.querySelector<HTMLFormElement>("form[data-policy-editor]");
  if (!form) return;
  const module = (await import(form.dataset.policyEditor ?? "")) as typeof import("./policy");
  module.edit(form);
}
