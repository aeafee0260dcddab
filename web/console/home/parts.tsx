/** The span by store, offer or level: where it comes from. */
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, money } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { inLanguage, useNames } from "../shell/names";
import { Rows } from "../shell/rows";

const BY = ["store", "offer", "tier"] as const;
type By = (typeof BY)[number];
type Row = Shapes["Part"];
interface Query {
  readonly from: string;
  readonly to: string;
  readonly compare: "previous" | "year";
  readonly currency?: string;
}

/** What stands in each row: of offers points and how often, of the others members, purchases and sales. */
const SHOWN: Record<By, readonly string[]> = { store: ["members", "purchases", "sales"], offer: ["points", "times"], tier: ["members", "purchases", "sales"] };

export function Parts({ query }: { query: Query }) {
  const names = useNames();
  const [by, setBy] = useState<By>("store");
  const parts = useQuery({ queryKey: ["figures", "by", by, query], queryFn: () => ask(api.GET("/v1/figures/by/{part}", { params: { path: { part: by }, query } })) });
  const nameOf = (row: Row) => (row.key === "" ? t("home.part.none") : inLanguage(row.name, row.key));
  return (
    <Part title={t("home.parts")} extra={<Segmented<By> aria-label={t("home.parts")} value={by} onChange={setBy} options={BY.map((each) => ({ value: each, label: t(`home.by.${each}`) }))} />}>
      <Asked query={parts}>
        {(told) => (
          <>
            <Rows
              rows={told.parts}
              label={t("home.parts")}
              idOf={(row) => row.key}
              empty={t("home.parts.none")}
              columns={[
                { key: "key", title: t(`home.by.${by}`), show: (row) => <bdi>{nameOf(row)}</bdi> },
                ...SHOWN[by].flatMap((figure) => [
                  { key: figure, title: t(`home.part.${figure}`), end: true, show: (row: Row) => writePart(figure, row.values, told.money) },
                  ...(told.parts.some((each) => figure in each.before)
                    ? [{ key: `${figure}-before`, title: t("home.before"), end: true, show: (row: Row) => writePart(figure, row.before, told.money) }]
                    : []),
                ]),
              ]}
            />
            {by === "tier" && told.flow.length > 0 && (
              <Part title={t("home.flow")}>
                <Rows
                  rows={told.flow}
                  label={t("home.flow")}
                  idOf={(row) => `${row.before} ${row.after}`}
                  empty=""
                  columns={[
                    { key: "before", title: t("home.flow.before"), show: (row) => (row.before === "" ? t("home.part.none") : names.level(row.before)) },
                    { key: "after", title: t("home.flow.after"), show: (row) => (row.after === "" ? t("home.part.none") : names.level(row.after)) },
                    { key: "members", title: t("home.part.members"), end: true, show: (row) => count(row.members) },
                  ]}
                />
              </Part>
            )}
          </>
        )}
      </Asked>
    </Part>
  );
}

function writePart(figure: string, values: Readonly<Record<string, number>>, currency: string): string {
  const value = values[figure];
  if (value === undefined) return "–";
  return figure === "sales" ? money(value, currency) : count(value);
}
