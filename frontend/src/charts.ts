/**
 * Charts from `<figure data-chart="id of a JSON script">`; the JSON is `{kind, labels, series: [{name, values}], stacked}`.
 * The figure holds a table with the same numbers, which stays for screen readers.
 */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

interface Chart {
  kind: "bar" | "line";
  labels: string[];
  series: { name: string; values: (number | null)[] }[];
  stacked?: boolean;
}

const PALETTE = { light: ["#0b6b61", "#e08e0b", "#3563c9", "#b4407e", "#6b7280"], dark: ["#4fc2b2", "#f2b04c", "#86a8ff", "#ee8cbd", "#9ca3af"] };

export function draw(figure: HTMLElement): void {
  const source = document.getElementById(figure.dataset.chart ?? "");
  const canvas = figure.querySelector<HTMLElement>("[data-canvas]");
  if (!source || !canvas) return;
  const chart = JSON.parse(source.textContent ?? "{}") as Chart;
  const plot = init(canvas, null, { renderer: "svg", locale: "EN" });
  const paint = () => plot.setOption(options(chart), true);
  paint();
  document.addEventListener("tillit:theme", paint);
  new ResizeObserver(() => plot.resize()).observe(canvas);
}

function options(chart: Chart): EChartsCoreOption {
  const style = getComputedStyle(document.documentElement);
  const mode = document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
  const ink = mode === "dark" ? "#9ca3af" : "#6b7280";
  const line = mode === "dark" ? "rgba(255,255,255,.09)" : "rgba(17,24,39,.08)";
  const text = { color: ink, fontFamily: style.getPropertyValue("--font-sans-serif") || "sans-serif", fontSize: 12 };
  const number = new Intl.NumberFormat(document.documentElement.lang);
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 300,
    color: PALETTE[mode],
    textStyle: text,
    grid: { left: 0, right: 8, top: chart.series.length > 1 ? 36 : 12, bottom: 0, containLabel: true },
    legend: chart.series.length > 1 ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text } : undefined,
    tooltip: {
      trigger: "axis",
      axisPointer: { type: chart.kind === "bar" ? "shadow" : "line" },
      valueFormatter: (value: number | null) => (value === null ? "–" : number.format(value)),
      backgroundColor: mode === "dark" ? "#111827" : "#ffffff",
      borderColor: line,
      textStyle: { color: mode === "dark" ? "#e5e7eb" : "#1f2937", fontSize: 12 },
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
