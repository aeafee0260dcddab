/** Reconciliation by day: what the till files say against the books, and what is decided about each difference. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, DatePicker, Flex, Form, Input, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { ago, count, day } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { useNames } from "../shell/names";
import { Listing } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type Difference = Shapes["Difference"];
type State = Difference["state"];
const STATES: readonly State[] = ["found", "assigned", "accepted_loss", "resolved", "auto_fixed"];
const TONES: Record<State, Tone> = { found: "bad", assigned: "warn", accepted_loss: "plain", resolved: "good", auto_fixed: "good" };

export default function Days() {
  useLanguage();
  const names = useNames();
  const [span, setSpan] = useState<[Dayjs, Dayjs]>(() => [dayjs(ledgerNow()).subtract(30, "day"), dayjs(ledgerNow())]);
  const [state, setState] = useState<State | "">("");
  const [deciding, setDeciding] = useState<Difference | null>(null);
  const mayWrite = useMay("reconciliation:write");
  const [first, last] = [span[0].format("YYYY-MM-DD"), span[1].format("YYYY-MM-DD")];
  const differences = usePages(["differences", first, last, state], async (cursor) => {
    const query = { first, last, limit: 50, ...(state && { state: [state] }), ...(cursor && { cursor }) };
    const page = await ask(api.GET("/v1/differences", { params: { query } }));
    return { rows: page.differences, next: page.next };
  });
  const days = usePages(["days", first, last], async (cursor) => {
    const page = await ask(api.GET("/v1/days", { params: { query: { first, last, limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.days, next: page.next };
  });
  return (
    <>
      <Head title={t("stores.differences")} about={t("stores.differences.about")}>
        <Button href={`/v1/differences/export?${new URLSearchParams({ first, last, ...(state && { state }) }).toString()}`} download="differences.csv" icon={<DownloadOutlined aria-hidden />}>
          {t("console.csv")}
        </Button>
      </Head>
      <Flex gap={12} wrap>
        <DatePicker aria-label={t("stores.first")} value={span[0]} allowClear={false} onChange={(value) => value && setSpan([value, span[1]])} />
        <DatePicker aria-label={t("stores.last.day")} value={span[1]} allowClear={false} onChange={(value) => value && setSpan([span[0], value])} />
        <Select<State | "">
          aria-label={t("stores.state")}
          value={state}
          onChange={setState}
          style={{ minWidth: 160 }}
          options={[{ value: "", label: t("console.all") }, ...STATES.map((each) => ({ value: each, label: t(`stores.state.${each}`) }))]}
        />
      </Flex>
      <Part title={t("stores.found")}>
        <Listing
          list={differences}
          label={t("stores.found")}
          idOf={(row) => row.id}
          empty={t("stores.found.none")}
          columns={[
            { key: "day", title: t("stores.day"), show: (row) => day(row.day) },
            { key: "store", title: t("stores.store"), show: (row) => <bdi>{row.till === "" ? row.store : `${row.store} / ${row.till}`}</bdi> },
            { key: "kind", title: t("stores.kind"), show: (row) => t(`stores.kind.${row.kind}`) },
            { key: "name", title: t("stores.receipt"), show: (row) => <bdi className="code">{row.name}</bdi> },
            { key: "amount", title: t("stores.amount"), end: true, show: (row) => names.amount(row.amount_minor) },
            { key: "state", title: t("stores.state"), show: (row) => <Mark tone={TONES[row.state]}>{t(`stores.state.${row.state}`)}</Mark> },
            { key: "owner", title: t("stores.owner"), show: (row) => <bdi>{row.owner}</bdi> },
            {
              key: "decide",
              title: "",
              show: (row) =>
                mayWrite && (
                  <Button size="small" onClick={() => setDeciding(row)}>
                    {t("stores.decide")}
                  </Button>
                ),
            },
          ]}
        />
      </Part>
      <Part title={t("stores.days")}>
        <Listing
          list={days}
          label={t("stores.days")}
          idOf={(row) => `${row.day.store} ${row.day.day}`}
          empty={t("stores.days.none")}
          columns={[
            { key: "day", title: t("stores.day"), show: (row) => day(row.day.day) },
            { key: "store", title: t("stores.store"), show: (row) => <bdi>{row.day.store}</bdi> },
            { key: "file", title: t("stores.in.file"), end: true, show: (row) => count(row.day.file_sales) },
            { key: "ledger", title: t("stores.in.books"), end: true, show: (row) => count(row.day.ledger_sales) },
            { key: "open", title: t("stores.unowned"), end: true, show: (row) => count(row.unowned) },
            { key: "state", title: t("stores.state"), show: (row) => <Mark tone={row.is_settled ? "good" : "warn"}>{row.is_settled ? t("stores.settled") : t("stores.unsettled")}</Mark> },
            { key: "compared", title: t("stores.compared"), show: (row) => (row.day.compared_at === null ? "" : ago(row.day.compared_at)) },
          ]}
        />
      </Part>
      {deciding !== null && <Decide difference={deciding} close={() => setDeciding(null)} />}
    </>
  );
}

function Decide({ difference, close }: { difference: Difference; close: () => void }) {
  const names = useNames();
  const { account } = useMe();
  const write = useWrite(
    (told: { state: State; owner: string; note: string }) => ask(api.POST("/v1/differences/decide", { body: { ...told, differences: [difference.id] } })),
    { touches: [["differences"], ["days"]], said: t("stores.decided"), done: close },
  );
  return (
    <Dialog<{ state: State; owner: string; note: string }>
      open
      title={t("stores.decide.title", { kind: t(`stores.kind.${difference.kind}`), amount: names.amount(difference.amount_minor) })}
      about={<bdi>{difference.detail}</bdi>}
      close={close}
      write={write}
      go={t("stores.save")}
      initialValues={{ state: "assigned", owner: difference.owner || account.email, note: difference.note }}
    >
      <Form.Item name="state" label={t("stores.state")} rules={[chosen()]}>
        <Select options={(["assigned", "accepted_loss", "resolved"] as const).map((each) => ({ value: each, label: t(`stores.state.${each}`) }))} />
      </Form.Item>
      <Form.Item name="owner" label={t("stores.owner")} rules={[needed()]}>
        <Input maxLength={100} />
      </Form.Item>
      <Form.Item name="note" label={t("stores.note")}>
        <Input.TextArea rows={2} maxLength={500} />
      </Form.Item>
    </Dialog>
  );
}
