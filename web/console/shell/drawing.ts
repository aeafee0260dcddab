/** The part of ECharts that is used here. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use as equip, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

equip([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** Draws into a place until it is ended; follows its width. */
export function begin(place: HTMLElement, option: EChartsCoreOption): () => void {
  const chart = init(place);
  chart.setOption(option);
  const watch = new ResizeObserver(() => chart.resize());
  watch.observe(place);
  return () => {
    watch.disconnect();
    chart.dispose();
  };
}
