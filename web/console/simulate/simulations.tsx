/** Drafts that decide over what really happened: started here, left alone, and come back to. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Flex, Input, Progress, Select, Typography } from "antd";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { ago, dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { useSketches, useVersions } from "../programme/asking";
import { Asked, Failed } from "../shell/asked";
import { nameOf } from "../programme/versions";
import { Head, Part } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";

type Task = Shapes["TaskView"];
const DRAFTS_MAX = 6;
const TONES: Record<Task["state"], Tone> = { waiting: "plain", running: "warn", done: "good", failed: "bad", cancelled: "plain" };
export const isOpen = (task: Task): boolean => task.state === "waiting" || task.state === "running";
export const partOf = (task: Task): number => (task.total > 0 ? Math.min(99, Math.floor((100 * task.done) / task.total)) : 0);

export function TaskMark({ task }: { task: Task }) {
  return <Mark tone={TONES[task.state]}>{t(`simulate.state.${task.state}`)}</Mark>;
}

type Draft = Shapes["SimulatedDraft"];

/** What was chosen, as the server wants it: a version by its hash, a sketch by what it says now. */
async function draftOf(chosen: string, names: ReadonlyMap<string, string>): Promise<Draft> {
  const [kind = "", id = ""] = chosen.split(":");
  if (kind === "version") return { version: id };
  const read = await ask(api.GET("/v1/sketches/{sketch}", { params: { path: { sketch: id } } }));
  return { name: (names.get(chosen) ?? read.sketch.name).slice(0, 60), content: { text: read.text } };
}

/** The beginning of a day where the reader is, or nothing. */
const startOf = (day: string): string | null => (day === "" ? null : new Date(`${day}T00:00:00`).toISOString());

function useChoices() {
  const versions = useVersions();
  const sketches = useSketches();
  const drafts = (versions.data?.versions ?? []).filter((each) => each.state !== "live" && each.state !== "retired");
  return [
    { label: t("simulate.sketches"), options: (sketches.data?.sketches ?? []).map((each) => ({ value: `sketch:${each.id}`, label: each.name })) },
    {
      label: t("simulate.versions"),
      options: drafts.map((each) => ({ value: `version:${each.hash}`, label: `${each.hash.slice(0, 8)} · ${nameOf(each.drafted.by)}, ${dateTime(each.drafted.at)}` })),
    },
  ].filter((group) => group.options.length > 0);
}

/** The drafts that the address names: a version or a sketch from whose page one came. */
function useAsked(): string[] {
  const [search] = useSearchParams();
  return (["version", "sketch"] as const).flatMap((kind) => search.getAll(kind).map((id) => `${kind}:${id}`));
}

function Start() {
  const go = useNavigate();
  const queries = useQueryClient();
  const choices = useChoices();
  const [chosen, setChosen] = useState<string[]>(useAsked());
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const names = new Map(choices.flatMap((group) => group.options).map((each) => [each.value, each.label]));
  async function start() {
    setBusy(true);
    setError(null);
    try {
      const drafts = await Promise.all(chosen.map((each) => draftOf(each, names)));
      const task = await ask(api.POST("/v1/simulations", { body: { drafts, since: startOf(since), until: startOf(until) } }));
      void queries.invalidateQueries({ queryKey: ["tasks"] });
      void go(`/simulations/${task.id}`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  }
  return (
    <Card size="small">
      {error !== null && <Failed error={error} again={start} busy={busy} />}
      <Flex gap={12} wrap align="end">
        <div style={{ flex: "1 1 320px", minWidth: 0 }}>
          <label htmlFor="drafts">{t("simulate.drafts")}</label>
          <Select id="drafts" mode="multiple" style={{ width: "100%" }} maxCount={DRAFTS_MAX} value={chosen} options={choices} onChange={setChosen} showSearch={{ optionFilterProp: "label" }} notFoundContent={t("simulate.drafts.none")} />
        </div>
        <div>
          <label htmlFor="since">{t("simulate.since")}</label>
          <Input id="since" type="date" value={since} onChange={(event) => setSince(event.target.value)} />
        </div>
        <div>
          <label htmlFor="before">{t("simulate.until")}</label>
          <Input id="before" type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
        </div>
        <Button type="primary" loading={busy} disabled={chosen.length === 0} onClick={() => void start()}>
          {t("simulate.start")}
        </Button>
      </Flex>
      <Typography.Paragraph type="secondary" style={{ margin: "8px 0 0" }}>
        {t("simulate.whole")}
      </Typography.Paragraph>
    </Card>
  );
}

export default function Simulations() {
  useLanguage();
  const mayStart = useMay("program:draft");
  const query = useQuery({
    queryKey: ["tasks", "simulation"],
    queryFn: () => ask(api.GET("/v1/tasks", { params: { query: { kind: "simulation", limit: 50 } } })),
    refetchInterval: ({ state }) => (state.data?.tasks.some(isOpen) === true ? 3000 : false),
  });
  return (
    <>
      <Head title={t("simulate.title")} about={t("simulate.about")} />
      {mayStart && <Start />}
      <Part title={t("simulate.done.before")}>
        <Asked query={query}>
          {({ tasks }) => (
            <Rows<Task>
              rows={tasks}
              label={t("simulate.done.before")}
              empty={t("simulate.none")}
              idOf={(each) => each.id}
              columns={[
                {
                  key: "title",
                  title: t("simulate.drafts"),
                  show: (each) => (
                    <Link to={`/simulations/${each.id}`}>
                      <bdi>{each.title}</bdi>
                    </Link>
                  ),
                },
                { key: "state", title: t("programme.state"), show: (each) => <TaskMark task={each} /> },
                { key: "part", title: t("simulate.progress"), show: (each) => (isOpen(each) ? <Progress percent={partOf(each)} size="small" style={{ minWidth: 100 }} aria-label={t("simulate.progress")} /> : null) },
                { key: "by", title: t("simulate.by"), show: (each) => <bdi>{nameOf(each.by)}</bdi> },
                { key: "at", title: t("simulate.at"), show: (each) => <span title={dateTime(each.asked_at)}>{ago(each.asked_at)}</span> },
              ]}
            />
          )}
        </Asked>
      </Part>
    </>
  );
}
