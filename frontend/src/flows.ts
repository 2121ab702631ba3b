/**
 * The data map's picture: `{nodes: [{name, title, column}], links: [{source, target}]}` as a Sankey diagram.
 * A click on a node chooses it in the filter of its column; the table below says the same in words.
 */
import type { EChartsCoreOption, EChartsType } from "echarts/core";

export interface Flows {
  kind: "flows";
  nodes: { name: string; title: string; column: number }[];
  links: { source: string; target: string }[];
  columns: string[];
}

const COLUMNS = { light: ["#6b7280", "#0b6b61", "#3563c9", "#b4407e"], dark: ["#9ca3af", "#4fc2b2", "#86a8ff", "#ee8cbd"] };
const NARROW = 640;

export function flows(chart: Flows, mode: "light" | "dark", text: object, width: number): EChartsCoreOption {
  const titles = new Map(chart.nodes.map((node) => [node.name, node.title]));
  const narrow = width < NARROW;
  const colours = COLUMNS[mode];
  const last = Math.max(...chart.nodes.map((node) => node.column));
  return {
    tooltip: {
      trigger: "item", confine: true,
      formatter: (item: { dataType: string; name: string; data: { source: string; target: string } }) =>
        item.dataType === "edge"
          ? `${escaped(titles.get(item.data.source))} → ${escaped(titles.get(item.data.target))}`
          : escaped(titles.get(item.name)),
    },
    series: [{
      type: "sankey", animation: false, left: 4, right: narrow ? 90 : 190, top: 6, bottom: 6,
      nodeWidth: narrow ? 8 : 12, nodeGap: narrow ? 6 : 9, nodeAlign: "left", layoutIterations: 48, draggable: false,
      emphasis: { focus: "trajectory", lineStyle: { opacity: 0.65 } },
      blur: { lineStyle: { opacity: 0.05 }, itemStyle: { opacity: 0.35 } },
      lineStyle: { color: "source", curveness: 0.5, opacity: mode === "dark" ? 0.28 : 0.2 },
      label: {
        ...text, textBorderColor: mode === "dark" ? "#172120" : "#ffffff", textBorderWidth: 3, fontSize: narrow ? 10 : 12, width: narrow ? 84 : 170, overflow: "truncate",
        formatter: (item: { name: string }) => titles.get(item.name) ?? item.name,
      },
      data: chart.nodes.map(({ name, column }) => ({
        name, depth: column, itemStyle: { color: colours[column], borderWidth: 0 },
        label: column === last ? { position: "right" } : undefined,
      })),
      links: chart.links.map(({ source, target }) => ({ source, target, value: 1 })),
    }],
  };
}

/** A click on a node chooses it in the form that the figure names; again, it is let go. */
export function choosing(plot: EChartsType, figure: HTMLElement): void {
  plot.on("click", (event) => {
    const name = (event as { dataType?: string; name: string }).dataType === "node" ? event.name : "";
    const [field, value] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    const select = document.querySelector<HTMLSelectElement>(`${figure.dataset.chooses} select[name="${CSS.escape(field)}"]`);
    if (!name || !select) return;
    select.value = select.value === value ? "" : value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function escaped(text: string | undefined): string {
  const element = document.createElement("span");
  element.textContent = text ?? "";
  return element.innerHTML;
}
