/** Long work: what waits, runs and is done. It may be left, and come back to. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, ask } from "../../client";
import { ago } from "../../kit/format";
import { knows, t, useLanguage } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { Listing } from "../shell/rows";
import { isOver, WATCH_MS, Way, type Task } from "./task";

const PLACES: Readonly<Record<string, string>> = { import: "/imports/", simulation: "/simulate/" };

function Named({ task }: { task: Task }) {
  const to = PLACES[task.kind];
  return to === undefined ? <bdi>{task.title}</bdi> : <Link to={to + task.id}><bdi>{task.title || task.kind}</bdi></Link>;
}

export default function Tasks() {
  useLanguage();
  const list = usePages(["tasks"], async (cursor) => {
    const page = await ask(api.GET("/v1/tasks", { params: { query: { limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.tasks, next: page.next };
  });
  const isRunning = list.rows?.some((each) => !isOver(each)) ?? false;
  // What runs is looked at again and again; what is over stays as it is.
  useQuery({ queryKey: ["tasks", "watch"], queryFn: () => list.read(), enabled: isRunning, refetchInterval: WATCH_MS });
  return (
    <>
      <Head title={t("jobs.title")} about={t("jobs.about")} />
      <Listing
        list={list}
        label={t("jobs.title")}
        idOf={(row) => row.id}
        empty={t("jobs.none")}
        columns={[
          { key: "title", title: t("jobs.what"), show: (row) => <Named task={row} /> },
          { key: "kind", title: t("jobs.kind"), show: (row) => (knows(`jobs.kind.${row.kind}`) ? t(`jobs.kind.${row.kind}`) : row.kind) },
          { key: "way", title: t("jobs.state"), show: (row) => <Way task={row} /> },
          { key: "at", title: t("jobs.asked"), show: (row) => ago(row.asked_at) },
        ]}
      />
    </>
  );
}
