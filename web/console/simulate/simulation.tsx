/** One simulation: how far it is, and what came of it, beside what really decided. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Flex, Progress, Statistic, Typography } from "antd";
import { useMemo, useState } from "react";
import { useParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { count, date, money } from "../../kit/format";
import { knows, t, useLanguage } from "../../kit/words";
import { Asked, Failed } from "../shell/asked";
import { Chart } from "../shell/chart";
import { useLang } from "../programme/asking";
import { Head, Part } from "../shell/head";
import { useNames } from "../shell/names";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { isOpen, partOf, TaskMark } from "./simulations";

type View = Shapes["SimulationView"];
type Result = Shapes["SimulationResult"];
const MICRO = 1_000_000;
const LIVE = "live";
const OFFERS_SHOWN = 15;

const sum = (values: Readonly<Record<string, number>>): number => Object.values(values).reduce((one, other) => one + other, 0);
const minor = (micro: number): number => Math.round(micro / MICRO);
/** What really decided, then the drafts. */
const inOrder = (result: Result) => Object.entries(result.versions).sort(([one], [other]) => Number(other === LIVE) - Number(one === LIVE));
const nameOf = (version: string): string => (version === LIVE ? t("simulate.live") : version);

function Running({ view }: { view: View }) {
  const queries = useQueryClient();
  const mayCancel = useMay("tasks:write");
  const [error, setError] = useState<unknown>(null);
  const { task } = view;
  const cancel = async () => {
    try {
      await ask(api.POST("/v1/tasks/{task}/cancel", { params: { path: { task: task.id } } }));
      void queries.invalidateQueries({ queryKey: ["simulations", task.id] });
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <Card>
      {error !== null && <Failed error={error} />}
      <Typography.Paragraph>{t(task.state === "waiting" ? "simulate.waiting" : "simulate.running")}</Typography.Paragraph>
      <Progress percent={partOf(task)} status="active" aria-label={t("simulate.progress")} />
      {mayCancel && (
        <Button style={{ marginTop: 12 }} loading={task.is_stopping} onClick={() => void cancel()}>
          {t("simulate.cancel")}
        </Button>
      )}
    </Card>
  );
}

/** What each version gives in money, and how far that is from what was really given. */
function Sums({ result }: { result: Result }) {
  const live = sum(result.versions[LIVE]?.worth_micro ?? {});
  return (
    <div className="cards">
      {inOrder(result).map(([name, version]) => {
        const worth = sum(version.worth_micro);
        const groups = result.groups[name] ?? [];
        const gain = groups.reduce((all, each) => all + each.gain, 0);
        const lose = groups.reduce((all, each) => all + each.lose, 0);
        const more = minor(worth - live);
        return (
          <Card key={name} size="small">
            <Statistic title={<bdi>{nameOf(name)}</bdi>} value={money(minor(worth), result.money)} />
            <Typography.Text type="secondary">
              {name === LIVE
                ? t("simulate.members", { count: version.members })
                : `${more > 0 ? "+" : ""}${money(more, result.money)} · ${t("simulate.gain", { gain: count(gain), lose: count(lose) })}`}
            </Typography.Text>
          </Card>
        );
      })}
    </div>
  );
}

function Charts({ result }: { result: Result }) {
  const names = useNames();
  const versions = useMemo(() => inOrder(result), [result]);
  const offers = useMemo(() => {
    const all = new Map<string, number>();
    for (const [, version] of versions) for (const [offer, worth] of Object.entries(version.worth_micro)) all.set(offer, Math.max(all.get(offer) ?? 0, Math.abs(worth)));
    return [...all].filter(([, most]) => most > 0).sort((one, other) => other[1] - one[1]).slice(0, OFFERS_SHOWN).map(([offer]) => offer);
  }, [versions]);
  const months = useMemo(() => [...new Set(versions.flatMap(([, version]) => Object.keys(version.owed_micro_by_month)))].sort(), [versions]);
  const say = (value: number) => money(value, result.money);
  return (
    <>
      {offers.length > 0 && (
        <Part title={t("simulate.by.offer")}>
          <Chart
            label={t("simulate.by.offer")}
            kind="bar"
            at={offers.map(names.offer)}
            series={versions.map(([name, version]) => ({ name: nameOf(name), values: offers.map((offer) => minor(version.worth_micro[offer] ?? 0)) }))}
            write={say}
          />
        </Part>
      )}
      {months.length > 1 && (
        <Part title={t("simulate.by.month")}>
          <Chart
            label={t("simulate.by.month")}
            kind="line"
            at={months}
            series={versions.map(([name, version]) => ({ name: nameOf(name), values: months.map((month) => minor(version.owed_micro_by_month[month] ?? 0)) }))}
            write={say}
          />
        </Part>
      )}
    </>
  );
}

function Tables({ result }: { result: Result }) {
  const lang = useLang();
  const told = result.told[lang];
  return (
    <>
      {told?.tables.map((table) => (
        <Part key={table.title} title={table.title}>
          <Rows
            rows={table.rows}
            label={table.title}
            empty="–"
            idOf={([name]) => name}
            columns={[
              { key: "name", title: "", show: ([name]) => <bdi>{name}</bdi> },
              ...table.columns.map((title, place) => ({ key: String(place), title, end: true, show: ([, cells]: readonly [string, readonly string[]]) => cells[place] ?? null })),
            ]}
          />
          {table.note !== "" && <Typography.Paragraph type="secondary">{table.note}</Typography.Paragraph>}
        </Part>
      ))}
      {told !== undefined && told.credit !== "" && <Typography.Paragraph type="secondary">{told.credit}</Typography.Paragraph>}
    </>
  );
}

function Outcome({ view }: { view: View }) {
  const lang = useLang();
  const { result, task } = view;
  if (isOpen(task)) return <Running view={view} />;
  if (task.state === "failed") return <Alert type="error" showIcon title={knows(`problem.${task.code}`) ? t(`problem.${task.code}`) : task.error || t("simulate.failed")} />;
  if (result === null) return <Alert type="info" showIcon title={t("simulate.cancelled")} />;
  return (
    <>
      <Flex justify="space-between" wrap gap={8} style={{ marginBottom: 12 }}>
        <Typography.Text type="secondary">{t("simulate.over", { from: date(result.since), until: date(result.until) })}</Typography.Text>
        <Button href={`/v1/simulations/${task.id}/report?lang=${lang}`} target="_blank" rel="noreferrer">
          {t("simulate.report")}
        </Button>
      </Flex>
      {result.marked.length > 0 && <Alert type="success" showIcon style={{ marginBottom: 12 }} title={t("simulate.marked", { versions: result.marked.map((each) => each.slice(0, 8)).join(", ") })} />}
      <Sums result={result} />
      <Charts result={result} />
      <Tables result={result} />
      <Typography.Paragraph type="secondary">{t("simulate.care")}</Typography.Paragraph>
    </>
  );
}

export default function Simulation() {
  useLanguage();
  const { task = "" } = useParams();
  const query = useQuery({
    queryKey: ["simulations", task],
    // The client widens pairs to lists; the description knows better.
    queryFn: async () => (await ask(api.GET("/v1/simulations/{task}", { params: { path: { task } } }))) as View,
    refetchInterval: ({ state }) => (state.data !== undefined && isOpen(state.data.task) ? 1500 : false),
  });
  return (
    <Asked query={query}>
      {(view) => (
        <>
          <Head
            title={
              <>
                <bdi>{view.task.title}</bdi> <TaskMark task={view.task} />
              </>
            }
            back={{ to: "/simulations", label: t("simulate.title") }}
          />
          <Outcome view={view} />
        </>
      )}
    </Asked>
  );
}
