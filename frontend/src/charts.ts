/**
 * Charts from `<figure data-chart="id of a JSON script">`; the JSON is `{kind, labels, series: [{name, values}], stacked}`,
 * or the flows of the data map. The page holds a table with the same numbers, which stays for screen readers.
 */
import { BarChart, LineChart, SankeyChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { choosing, flows, type Flows } from "./flows";
import { saving } from "./saving";

use([BarChart, LineChart, SankeyChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

interface Chart {
  kind: "bar" | "line";
  labels: string[];
  series: { name: string; values: (number | null)[] }[];
  stacked?: boolean;
}

type Mode = "light" | "dark";

const WIDE = 1200;
const PALETTE = { light: ["#0b6b61", "#e08e0b", "#3563c9", "#b4407e", "#6b7280"], dark: ["#4fc2b2", "#f2b04c", "#86a8ff", "#ee8cbd", "#9ca3af"] };

export function draw(figure: HTMLElement): void {
  const source = document.getElementById(figure.dataset.chart ?? "");
  const canvas = figure.querySelector<HTMLElement>("[data-canvas]");
  if (!source || !canvas) return;
  const chart = JSON.parse(source.textContent ?? "{}") as Chart | Flows;
  const plot = init(canvas, null, { renderer: "svg", locale: "EN" });
  const theme = (): Mode => (document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light");
  const paint = () => plot.setOption(options(chart, theme(), canvas.clientWidth), true);
  paint();
  document.addEventListener("tillit:theme", paint);
  new ResizeObserver(() => {
    plot.resize();
    if (chart.kind === "flows") paint(); // what fits beside the nodes depends on the width
  }).observe(canvas);
  if (chart.kind !== "flows") return;
  choosing(plot, figure);
  // A file is read on white, whatever the page looks like.
  saving(figure, () => {
    const [width, height] = [Math.max(plot.getWidth(), WIDE), plot.getHeight()];
    const paper = init(null, null, { renderer: "svg", ssr: true, width, height });
    paper.setOption({ ...options(chart, "light", width), animation: false, backgroundColor: "#ffffff" });
    const svg = paper.renderToSVGString();
    paper.dispose();
    return { svg, width, height };
  });
}

function options(chart: Chart | Flows, mode: Mode, width: number): EChartsCoreOption {
  const style = getComputedStyle(document.documentElement);
  const ink = mode === "dark" ? "#9ca3af" : "#6b7280";
  const line = mode === "dark" ? "rgba(255,255,255,.09)" : "rgba(17,24,39,.08)";
  const text = { color: ink, fontFamily: style.getPropertyValue("--font-sans-serif") || "sans-serif", fontSize: 12 };
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const common = {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 300,
    textStyle: text,
  };
  const bubble = {
    backgroundColor: mode === "dark" ? "#111827" : "#ffffff",
    borderColor: line,
    textStyle: { color: mode === "dark" ? "#e5e7eb" : "#1f2937", fontSize: 12 },
  };
  if (chart.kind === "flows") {
    const { tooltip, ...rest } = flows(chart, mode, { ...text, color: mode === "dark" ? "#d1d5db" : "#374151" }, width);
    return { ...common, ...rest, tooltip: { ...(tooltip as object), ...bubble } };
  }
  return {
    ...common,
    color: PALETTE[mode],
    grid: { left: 0, right: 8, top: chart.series.length > 1 ? 36 : 12, bottom: 0, containLabel: true },
    legend: chart.series.length > 1 ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text } : undefined,
    tooltip: {
      trigger: "axis",
      axisPointer: { type: chart.kind === "bar" ? "shadow" : "line" },
      valueFormatter: (value: number | null) => (value === null ? "–" : number.format(value)),
      ...bubble,
    },
    xAxis: {
      type: "category", data: chart.labels, boundaryGap: chart.kind === "bar",
      axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true },
    },
    yAxis: {
      type: "value", minInterval: 1, splitLine: { lineStyle: { color: line } },
      axisLabel: { ...text, formatter: (value: number) => number.format(value) },
    },
    series: chart.series.map(({ name, values }) => ({
      name, data: values, type: chart.kind, stack: chart.stacked ? "all" : undefined,
      barMaxWidth: 22, itemStyle: { borderRadius: chart.kind === "bar" && !chart.stacked ? [3, 3, 0, 0] : 0 },
      smooth: 0.2, showSymbol: false, lineStyle: { width: 2 }, areaStyle: chart.kind === "line" ? { opacity: 0.08 } : undefined,
    })),
  };
}
