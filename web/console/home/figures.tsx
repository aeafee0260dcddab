/** The figures of a span as cards, and the course of one of them as a line. */
import { Card, Select, Tooltip, Typography } from "antd";
import { useState } from "react";
import type { Shapes } from "../../client";
import { count, day, money, share, short, signed } from "../../kit/format";
import { t } from "../../kit/words";
import { Chart } from "../shell/chart";
import { Part } from "../shell/head";
import { inLanguage } from "../shell/names";

type Told = Shapes["FiguresView"];
type Figure = Shapes["FigureView"];

export function write(unit: Figure["unit"], value: number, currency: string): string {
  if (unit === "money") return money(value, currency);
  return unit === "permille" ? share(value / 1000) : count(value);
}

/** Of what more is worse: points that nobody used, and what is owed for them. */
const LESS_IS_BETTER = new Set(["expired", "liability"]);

function Change({ figure }: { figure: Figure }) {
  const change = figure.change_permille;
  if (change === null) return <Typography.Text type="secondary">{t("home.change.none")}</Typography.Text>;
  const isGood = change === 0 ? null : change > 0 !== LESS_IS_BETTER.has(figure.id);
  const percent = `${signed(Math.round(change / 10))} %`;
  return (
    <span className={isGood === null ? undefined : isGood ? "gain" : "loss"}>
      {change > 0 ? "▲ " : change < 0 ? "▼ " : ""}
      {t("home.change", { percent })}
    </span>
  );
}

export function Figures({ told }: { told: Told }) {
  // Where nothing can be compared, the sentence above says so once.
  const isBeside = told.figures.some((each) => each.change_permille !== null);
  return (
    <div className="cards">
      {told.figures.map((each) => (
        <Card key={each.id} size="small">
          <Tooltip title={inLanguage(each.means, "")}>
            <Typography.Text type="secondary" tabIndex={0}>
              {inLanguage(each.name, each.id)}
            </Typography.Text>
          </Tooltip>
          <div style={{ fontSize: 24, fontVariantNumeric: "tabular-nums" }}>{each.value === null ? "–" : write(each.unit, each.value, told.money)}</div>
          {isBeside && <Change figure={each} />}
        </Card>
      ))}
      {told.left_out.map((each) => (
        <Card key={each.id} size="small">
          <Typography.Text type="secondary">{inLanguage(each.name, each.id)}</Typography.Text>
          <div style={{ fontSize: 24 }}>{t("home.left.out")}</div>
          <Typography.Text type="secondary">{inLanguage(each.why, "")}</Typography.Text>
        </Card>
      ))}
    </div>
  );
}

export function Course({ told }: { told: Told }) {
  const drawable = told.figures.filter((each) => told.series.some((at) => typeof at.values[each.id] === "number"));
  const [chosen, setChosen] = useState("");
  const figure = drawable.find((each) => each.id === chosen) ?? drawable.find((each) => each.id === "sales") ?? drawable[0];
  if (figure === undefined) return null;
  const isMoney = figure.unit === "money";
  return (
    <Part
      title={t("home.course")}
      extra={<Select aria-label={t("home.figure")} value={figure.id} onChange={setChosen} style={{ minWidth: 200 }} options={drawable.map((each) => ({ value: each.id, label: inLanguage(each.name, each.id) }))} />}
    >
      <Chart
        label={t("home.course.of", { figure: inLanguage(figure.name, figure.id) })}
        kind={figure.unit === "permille" ? "line" : "column"}
        at={told.series.map((each) => day(each.first))}
        series={[{ name: inLanguage(figure.name, figure.id), values: told.series.map((each) => each.values[figure.id] ?? null) }]}
        write={(value) => write(figure.unit, value, told.money)}
        {...(isMoney || figure.unit === "permille" ? {} : { writeShort: short })}
      />
    </Part>
  );
}
