/** Data protection: how long things are kept, who was forgotten, what may not be, and the questions of each law. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Select } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { inLanguage } from "../shell/names";
import { Listing, Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Sides } from "../shell/sides";
import { Fault, useWrite } from "../shell/write";
import { Notices } from "./notices";
import { Periods } from "./periods";
import { Rounds } from "./rounds";
import { Tables } from "./tables";

export default function Privacy() {
  useLanguage();
  const mayNotices = useMay("consents:read");
  return (
    <>
      <Head title={t("privacy.title")} about={t("privacy.about")} />
      <Sides
        sides={[
          { key: "periods", label: t("privacy.periods"), children: <Periods /> },
          { key: "rounds", label: t("privacy.rounds"), children: <Rounds /> },
          { key: "erasures", label: t("privacy.erasures"), children: <Erasures /> },
          { key: "holds", label: t("privacy.holds"), children: <Holds /> },
          ...(mayNotices ? [{ key: "notices", label: t("privacy.notices"), children: <Notices /> }] : []),
          { key: "tables", label: t("privacy.tables"), children: <Tables /> },
          { key: "checklist", label: t("privacy.checklist"), children: <Checklist /> },
        ]}
      />
    </>
  );
}

function Erasures() {
  const list = usePages(["privacy", "erasures"], async (cursor) => {
    const page = await ask(api.GET("/v1/privacy/erasures", { params: { query: { limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.erasures, next: page.next };
  });
  return (
    <Listing
      list={list}
      label={t("privacy.erasures")}
      idOf={(row) => row.activity}
      empty={t("privacy.erasures.none")}
      columns={[
        { key: "at", title: t("privacy.at"), show: (row) => dateTime(row.erased_at) },
        { key: "member", title: t("privacy.member"), show: (row) => <Link className="code" to={`/members/${row.member}`}>{row.member.slice(-12)}</Link> },
        { key: "by", title: t("privacy.asked"), show: (row) => t(`privacy.asked.${row.asked_by}`) },
        { key: "whole", title: t("privacy.whole"), show: (row) => <Mark tone={row.is_whole ? "good" : "warn"}>{row.is_whole ? t("privacy.whole.yes") : t("privacy.whole.no")}</Mark> },
      ]}
    />
  );
}

function Holds() {
  const mayWrite = useMay("privacy:write");
  const query = useQuery({ queryKey: ["privacy", "holds"], queryFn: () => ask(api.GET("/v1/privacy/legal-holds", { params: { query: { ended: true } } })) });
  const lift = useWrite((hold: string) => ask(api.POST("/v1/privacy/legal-holds/{hold}/lift", { params: { path: { hold } } })), { touches: [["privacy", "holds"]], said: t("privacy.lifted") });
  return (
    <>
      {lift.error !== null && <Fault error={lift.error} />}
      <Asked query={query}>
        {({ holds }) => (
          <Rows
            rows={holds}
            label={t("privacy.holds")}
            idOf={(row) => row.id}
            empty={t("privacy.holds.none")}
            columns={[
              { key: "matter", title: t("privacy.matter"), show: (row) => <bdi>{row.matter}</bdi> },
              { key: "member", title: t("privacy.member"), show: (row) => <Link className="code" to={`/members/${row.member}`}>{row.member.slice(-12)}</Link> },
              { key: "at", title: t("privacy.at"), show: (row) => dateTime(row.placed_at) },
              { key: "state", title: t("privacy.state"), show: (row) => (row.ended_at === null ? <Mark tone="warn">{t("privacy.held")}</Mark> : <Mark>{t("privacy.lifted.state")}</Mark>) },
              {
                key: "lift",
                title: "",
                show: (row) =>
                  mayWrite &&
                  row.ended_at === null && (
                    <Button size="small" loading={lift.isBusy} onClick={() => lift.run(row.id)}>
                      {t("privacy.lift")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Asked>
    </>
  );
}

const PACKS = ["pipl", "gdpr", "ccpa"] as const;
const TONES: Record<Shapes["CheckLine"]["answer"], Tone> = { yes: "good", no: "bad", people: "warn" };

function Checklist() {
  const [pack, setPack] = useState<string>(PACKS[0]);
  const query = useQuery({ queryKey: ["privacy", "checklist", pack], queryFn: () => ask(api.GET("/v1/privacy/checklists/{pack}", { params: { path: { pack } } })) });
  return (
    <>
      <Select aria-label={t("privacy.law")} value={pack} onChange={setPack} style={{ minWidth: 220, marginBottom: 12 }} options={PACKS.map((each) => ({ value: each, label: t(`privacy.pack.${each}`) }))} />
      <Asked query={query}>
        {(list) => (
          <>
            {list.settings_differ.length > 0 && <Alert type="warning" showIcon style={{ marginBottom: 12 }} title={t("privacy.differ", { settings: list.settings_differ.join(", ") })} />}
            <Rows
              rows={list.lines}
              label={inLanguage(list.title, pack)}
              idOf={(row) => row.id}
              empty={t("privacy.checklist.none")}
              columns={[
                { key: "law", title: t("privacy.law"), show: (row) => row.law },
                { key: "question", title: t("privacy.question"), show: (row) => inLanguage(row.question, row.id) },
                { key: "answer", title: t("privacy.answer"), show: (row) => <Mark tone={TONES[row.answer]}>{t(`privacy.answer.${row.answer}`)}</Mark> },
                { key: "why", title: t("privacy.why"), show: (row) => inLanguage(row.why, "") },
              ]}
            />
          </>
        )}
      </Asked>
    </>
  );
}
