/** A chart with its numbers as a table beside it: what is drawn can be read, too. Fetched only where one is shown. */
import { Button, Skeleton } from "antd";
import { useEffect, useRef, useState } from "react";
import { t, useLanguage } from "../../kit/words";
import { Rows } from "./rows";
import { useDark } from "./switches";

export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface Drawn {
  /** What the chart shows, for who cannot see it. */
  readonly label: string;
  /** Lines and columns stand over days or months; bars lie beside the names of things. */
  readonly kind: "line" | "column" | "bar";
  readonly at: readonly string[];
  readonly series: readonly Series[];
  readonly write: (value: number) => string;
  /** Of the axis, where it is another. */
  readonly writeShort?: (value: number) => string;
}

const COLOURS = ["#b4361e", "#2f6f8f", "#8a6d1d", "#4f7a3a", "#7a4a8c", "#1d7a46", "#8a817a"];
const COLOURS_DARK = ["#ff9d86", "#8cc8e6", "#f0c36a", "#a5d68a", "#d6a8e6", "#6fd39b", "#b3aaa1"];
const HEIGHT = 280;
const BARS = { least: 160, row: 34, each: 6 };

const heightOf = ({ kind, at, series }: Drawn): number => (kind === "bar" ? Math.max(BARS.least, at.length * (BARS.row + BARS.each * series.length)) : HEIGHT);

function optionOf({ kind, at, series, write, writeShort }: Drawn, isDark: boolean) {
  const [ink, line] = isDark ? ["#c3bab1", "#3a342e"] : ["#57504a", "#e4dfd8"];
  const isLying = kind === "bar";
  const named = {
    type: "category",
    data: [...at],
    inverse: isLying,
    axisLabel: { color: ink, ...(isLying ? { width: 150, overflow: "truncate" } : { hideOverlap: true }) },
    axisLine: { lineStyle: { color: line } },
    axisTick: { show: false },
  };
  const counted = { type: "value", axisLabel: { color: ink, hideOverlap: true, formatter: (value: number) => (writeShort ?? write)(value) }, splitLine: { lineStyle: { color: line } } };
  return {
    animation: false,
    color: isDark ? COLOURS_DARK : COLOURS,
    grid: { left: 8, right: isLying ? 24 : 12, top: series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
    legend: series.length > 1 ? { top: 0, textStyle: { color: ink } } : { show: false },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value: unknown) => (typeof value === "number" ? write(value) : "–") },
    xAxis: isLying ? counted : named,
    yAxis: isLying ? named : counted,
    series: series.map((each) => ({ type: kind === "line" ? "line" : "bar", name: each.name, data: [...each.values], showSymbol: at.length < 2, barMaxWidth: isLying ? 14 : 28, smooth: 0.2 })),
  };
}

/** What is drawn is drawn anew when it differs, and not whenever the page is. */
function Canvas(drawn: Drawn) {
  const isDark = useDark();
  const language = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const [isThere, setThere] = useState(false);
  const latest = useRef(drawn);
  const key = JSON.stringify([drawn.kind, drawn.at, drawn.series, isDark, language]);
  useEffect(() => {
    latest.current = drawn;
  });
  useEffect(() => {
    let isOver = false;
    let end: () => void = () => undefined;
    void import("./drawing").then(({ begin }) => {
      if (isOver || place.current === null) return;
      end = begin(place.current, optionOf(latest.current, isDark));
      setThere(true);
    });
    return () => {
      isOver = true;
      end();
    };
  }, [key, isDark]);
  return (
    <>
      {!isThere && <Skeleton active />}
      <div ref={place} role="img" aria-label={drawn.label} style={{ height: heightOf(drawn), width: "100%" }} />
    </>
  );
}

export function Chart(drawn: Drawn) {
  useLanguage();
  const [asTable, setAsTable] = useState(false);
  return (
    <figure style={{ margin: 0 }}>
      {asTable ? (
        <Rows
          rows={drawn.at.map((at, place_) => ({ at, place: place_ }))}
          label={drawn.label}
          idOf={(row) => row.at}
          empty={t("console.chart.none")}
          columns={[
            { key: "at", title: t(drawn.kind === "bar" ? "console.chart.what" : "console.chart.at"), show: (row) => row.at },
            ...drawn.series.map((each) => ({
              key: each.name,
              title: each.name,
              end: true,
              show: (row: { place: number }) => {
                const value = each.values[row.place];
                return value === null || value === undefined ? "–" : drawn.write(value);
              },
            })),
          ]}
        />
      ) : (
        <Canvas {...drawn} />
      )}
      <figcaption style={{ marginTop: 4 }}>
        <Button size="small" type="text" onClick={() => setAsTable(!asTable)}>
          {asTable ? t("console.chart.draw") : t("console.chart.table")}
        </Button>
      </figcaption>
    </figure>
  );
}
