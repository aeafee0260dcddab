/** Who did what, from where, why, and what came of it. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, DatePicker, Flex, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { knows, t, useLanguage, wordsOf } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { Facts, Listing, Rows } from "../shell/rows";
import { Sheet } from "../shell/sheet";

type Entry = Omit<Shapes["AuditPage"]["entries"][number], "changes"> & { readonly changes: Readonly<Record<string, readonly unknown[]>> };
type Outcome = Entry["outcome"];
const OUTCOMES: readonly Outcome[] = ["done", "waiting", "refused", "failed"];
const TONES: Record<Outcome, Tone> = { done: "good", waiting: "warn", refused: "plain", failed: "bad" };
/** Where what stands first in an address has a page of its own. */
const PAGES: Readonly<Record<string, string>> = { "members/{member}": "members", "programs/{version}": "programme/versions", "webhooks/{webhook}": "webhooks" };

interface Sought {
  readonly what?: string;
  readonly object?: string;
  readonly outcome?: Outcome | "";
  readonly span?: [Dayjs | null, Dayjs | null] | null;
}

function queryOf({ what, object, outcome, span }: Sought) {
  return {
    ...(what?.trim() && { what: what.trim() }),
    ...(object?.trim() && { object: object.trim() }),
    ...(outcome && { outcome }),
    ...(span?.[0] && { since: span[0].startOf("day").toISOString() }),
    ...(span?.[1] && { until: span[1].add(1, "day").startOf("day").toISOString() }),
  };
}

export default function Audit() {
  useLanguage();
  const [sought, setSought] = useState<Sought>({});
  const [shown, setShown] = useState<Entry | null>(null);
  const query = queryOf(sought);
  const list = usePages(["audit", query], async (cursor) => {
    const page = await ask(api.GET("/v1/audit", { params: { query: { ...query, limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.entries, next: page.next };
  });
  return (
    <>
      <Head title={t("audit.title")} about={t("audit.about")}>
        <Button href={`/v1/audit/export?${new URLSearchParams({ ...query, format: "csv" }).toString()}`} download="audit.csv" icon={<DownloadOutlined aria-hidden />}>
          {t("console.csv")}
        </Button>
      </Head>
      <Form<Sought> layout="vertical" onFinish={setSought} initialValues={{ outcome: "" }}>
        <Flex gap={12} wrap align="end" style={{ marginBottom: 16 }}>
          <Form.Item name="what" label={t("audit.what")} style={{ flex: "1 1 160px", margin: 0 }}>
            <Select
              allowClear
              showSearch={{ filterOption: (typed, option) => `${option?.label} ${option?.value}`.toLowerCase().includes(typed.trim().toLowerCase()) }}
              options={wordsOf("audit.did.").map(([value, label]) => ({ value, label, title: value }))}
            />
          </Form.Item>
          <Form.Item name="object" label={t("audit.object")} style={{ flex: "1 1 160px", margin: 0 }}>
            <Input allowClear maxLength={200} />
          </Form.Item>
          <Form.Item name="outcome" label={t("audit.outcome")} style={{ flex: "1 1 120px", margin: 0 }}>
            <Select options={[{ value: "", label: t("console.all") }, ...OUTCOMES.map((each) => ({ value: each, label: t(`audit.outcome.${each}`) }))]} />
          </Form.Item>
          <Form.Item name="span" label={t("audit.span")} style={{ flex: "1 1 220px", margin: 0 }}>
            <DatePicker.RangePicker allowEmpty={[true, true]} style={{ width: "100%" }} />
          </Form.Item>
          <Button type="primary" htmlType="submit">
            {t("audit.find")}
          </Button>
        </Flex>
      </Form>
      <Listing
        list={list}
        label={t("audit.title")}
        idOf={(row) => String(row.id)}
        empty={t("audit.none")}
        columns={[
          { key: "at", title: t("audit.at"), show: (row) => dateTime(row.at) },
          { key: "who", title: t("audit.who"), show: (row) => <bdi>{row.actor_name || t(`audit.actor.${row.actor_kind}`)}</bdi> },
          { key: "what", title: t("audit.what"), show: (row) => <span title={row.what}>{deedOf(row)}</span> },
          { key: "object", title: t("audit.object"), show: (row) => <Thing entry={row} /> },
          { key: "outcome", title: t("audit.outcome"), show: (row) => <Mark tone={TONES[row.outcome]}>{t(`audit.outcome.${row.outcome}`)}</Mark> },
          {
            key: "more",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setShown(row)}>
                {t("audit.more")}
              </Button>
            ),
          },
        ]}
      />
      <Sheet open={shown !== null} close={() => setShown(null)} title={t("audit.one")}>
        {shown !== null && <One entry={shown} />}
      </Sheet>
    </>
  );
}

/** What was done, in words; a route that there is no more has its name only. */
function deedOf({ what }: Entry): string {
  const key = `audit.did.${what}`;
  return knows(key) ? t(key) : what;
}

/** What it was done to: long ids by their end, as on other pages, and by a link where it has a page. */
function Thing({ entry }: { entry: Entry }) {
  const [first = ""] = entry.object.split("/");
  const folder = PAGES[entry.route.replace(/^\w+ \/v1\//, "").split("/", 2).join("/")];
  const shown = (
    <bdi className="code" title={entry.object}>
      {entry.object.replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-([\da-f]{12})/g, "$1")}
    </bdi>
  );
  return folder === undefined || first === "" ? shown : <Link to={`/${folder}/${encodeURIComponent(first)}`}>{shown}</Link>;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value));

function One({ entry }: { entry: Entry }) {
  const kind = `audit.actor.${entry.actor_kind}`;
  return (
    <Flex vertical gap={16}>
      <Facts
        facts={[
          [t("audit.at"), dateTime(entry.at)],
          [t("audit.who"), <bdi key="who">{`${entry.actor_name} (${knows(kind) ? t(kind) : entry.actor_kind})`}</bdi>],
          [t("audit.agreed"), entry.agreed_by],
          [t("audit.what"), <span key="what">{deedOf(entry)} <span className="code">{`(${entry.what})`}</span></span>],
          [t("audit.object"), <bdi key="object">{entry.object}</bdi>],
          [t("audit.reason"), <bdi key="reason">{entry.reason}</bdi>],
          [t("audit.outcome"), `${t(`audit.outcome.${entry.outcome}`)} (${entry.status})`],
          [t("audit.code"), entry.code],
          [t("audit.network"), entry.network],
          [t("audit.agent"), <bdi key="agent">{entry.agent}</bdi>],
          [t("audit.request"), <span key="request" className="code">{entry.request_id}</span>],
        ]}
      />
      <Rows
        rows={Object.entries(entry.changes)}
        label={t("audit.changes")}
        idOf={([name]) => name}
        empty={t("audit.changes.none")}
        columns={[
          { key: "name", title: t("audit.field"), show: ([name]) => <span className="code">{name}</span> },
          { key: "before", title: t("audit.before"), show: ([, [before]]) => <bdi>{textOf(before)}</bdi> },
          { key: "after", title: t("audit.after"), show: ([, [, after]]) => <bdi>{textOf(after)}</bdi> },
        ]}
      />
    </Flex>
  );
}
