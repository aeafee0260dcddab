/** One import: how far it is, what would come of it, each line that cannot be taken and how to mend it; then it is brought. */
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox } from "antd";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { useNames } from "../shell/names";
import { Listing, Rows } from "../shell/rows";
import { Fault, useWrite } from "../shell/write";
import { isOver, WATCH_MS, Way } from "../jobs/task";
import { Cure, What } from "./problem";

type View = Shapes["ImportView"];

export default function One() {
  useLanguage();
  const { task = "" } = useParams();
  const query = useQuery({
    queryKey: ["imports", task],
    queryFn: () => ask(api.GET("/v1/imports/{task}", { params: { path: { task } } })),
    refetchInterval: ({ state }) => (isOver(state.data?.task) ? false : WATCH_MS),
  });
  return <Asked query={query}>{(view) => <Shown view={view} />}</Asked>;
}

function Shown({ view }: { view: View }) {
  const { task, result } = view;
  return (
    <>
      <Head back={{ to: "/imports", label: t("imports.title") }} title={<bdi>{task.title || t("imports.one")}</bdi>} about={view.dry_run ? t("imports.looked") : t("imports.brings")} />
      <Way task={task} />
      {result !== null && (
        <>
          {view.dry_run && task.state === "done" && <Bring task={task.id} problems={result.problems_found} />}
          {!view.dry_run && (
            <Alert
              style={{ marginTop: 16 }}
              showIcon
              type={result.is_written ? "success" : "warning"}
              title={result.is_written ? t("imports.written") : t("imports.not.written")}
            />
          )}
          <Tallies parts={result.parts} />
          <Balances currencies={result.currencies} />
          {result.problems_found > 0 && <Problems task={task.id} found={result.problems_found} />}
        </>
      )}
    </>
  );
}

/** Bring what can be taken. Where lines cannot, that has to be said. */
function Bring({ task, problems }: { task: string; problems: number }) {
  const go = useNavigate();
  const [keepGood, setKeepGood] = useState(false);
  const write = useWrite(() => ask<object>(api.POST("/v1/imports/{task}/commit", { params: { path: { task } }, body: { keep_good: keepGood } })), {
    touches: [["tasks"]],
    said: t("imports.begun"),
    waits: (answer) => "action" in answer,
    done: (answer) => {
      if ("has_result" in answer && "id" in answer) void go(`/imports/${String(answer.id)}`);
    },
  });
  return (
    <Part title={t("imports.bring")}>
      {write.error !== null && <Fault error={write.error} />}
      {problems === 0 ? (
        <Alert type="success" showIcon title={t("imports.clean")} />
      ) : (
        <Alert
          type="warning"
          showIcon
          title={t("imports.faulty", { count: problems, problems: count(problems) })}
          description={
            <Checkbox checked={keepGood} onChange={(event) => setKeepGood(event.target.checked)}>
              {t("imports.keep")}
            </Checkbox>
          }
        />
      )}
      <Button type="primary" style={{ marginTop: 12 }} loading={write.isBusy} disabled={problems > 0 && !keepGood} onClick={() => write.run(undefined)}>
        {problems === 0 ? t("imports.go") : t("imports.go.good")}
      </Button>
    </Part>
  );
}

function Tallies({ parts }: { parts: Shapes["Imported"]["parts"] }) {
  return (
    <Part title={t("imports.parts")}>
      <Rows
        rows={parts}
        label={t("imports.parts")}
        idOf={(row) => `${row.part} ${row.file}`}
        empty={t("imports.parts.none")}
        columns={[
          { key: "file", title: t("imports.file"), show: (row) => <bdi className="code">{row.file}</bdi> },
          { key: "part", title: t("imports.part"), show: (row) => t(`imports.part.${row.part}`) },
          { key: "lines", title: t("imports.lines"), end: true, show: (row) => count(row.lines ?? 0) },
          { key: "brought", title: t("imports.brought"), end: true, show: (row) => count(row.brought ?? 0) },
          { key: "there", title: t("imports.there"), end: true, show: (row) => count(row.there ?? 0) },
          { key: "refused", title: t("imports.refused"), end: true, show: (row) => <span className={row.refused ? "loss" : undefined}>{count(row.refused ?? 0)}</span> },
        ]}
      />
    </Part>
  );
}

function Balances({ currencies }: { currencies: Shapes["Imported"]["currencies"] }) {
  const names = useNames();
  if (currencies.length === 0) return null;
  return (
    <Part title={t("imports.balances")}>
      <Rows
        rows={currencies}
        label={t("imports.balances")}
        idOf={(row) => row.currency}
        empty=""
        columns={[
          { key: "currency", title: t("imports.currency"), show: (row) => names.currency(row.currency) },
          { key: "source", title: t("imports.source"), end: true, show: (row) => count(row.source_points) },
          { key: "books", title: t("imports.books"), end: true, show: (row) => count(row.books_points) },
          { key: "refused", title: t("imports.refused"), end: true, show: (row) => count(row.refused_points) },
          { key: "ended", title: t("imports.ended"), end: true, show: (row) => count(row.ended_points) },
          { key: "difference", title: t("imports.difference"), end: true, show: (row) => <span className={row.difference_points === 0 ? undefined : "loss"}>{count(row.difference_points)}</span> },
        ]}
      />
    </Part>
  );
}

const PAGE = 100;

function Problems({ task, found }: { task: string; found: number }) {
  const list = usePages(["imports", task, "problems"], async (cursor) => {
    const after = cursor === undefined ? 0 : Number(cursor);
    const page = await ask(api.GET("/v1/imports/{task}/problems", { params: { path: { task }, query: { after, limit: PAGE } } }));
    const seen = after + page.problems.length;
    return { rows: page.problems.map((each, place) => ({ ...each, place: after + place })), next: seen < page.found && page.problems.length > 0 ? String(seen) : null };
  });
  return (
    <Part
      title={t("imports.problems", { count: found, found: count(found) })}
      extra={
        <Button href={`/v1/imports/${task}/problems.csv`} download="problems.csv" icon={<DownloadOutlined aria-hidden />}>
          {t("console.csv")}
        </Button>
      }
    >
      <Listing
        list={list}
        label={t("imports.problems.label")}
        idOf={(row) => String(row.place)}
        empty={t("imports.problems.none")}
        columns={[
          { key: "file", title: t("imports.file"), show: (row) => <bdi className="code">{row.file}</bdi> },
          { key: "line", title: t("imports.line"), end: true, show: (row) => count(row.line) },
          { key: "column", title: t("imports.column"), show: (row) => <bdi className="code">{row.column}</bdi> },
          { key: "what", title: t("imports.what"), show: (row) => <What row={row} /> },
          { key: "cure", title: t("imports.cure"), show: (row) => <Cure row={row} /> },
        ]}
      />
    </Part>
  );
}
