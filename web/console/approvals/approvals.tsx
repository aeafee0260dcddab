/** What waits for a second person, and what became of it. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex, Form, Input, Segmented } from "antd";
import { Link, useSearchParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { ago, dateTime, signed } from "../../kit/format";
import { explain } from "../../kit/problems";
import { knows, t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { useNames } from "../shell/names";
import { Facts, Listing } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { Fault, needed, useWrite } from "../shell/write";
import { Problem } from "../../client";
import { Mark, type Tone } from "../shell/mark";
import { Sheet } from "../shell/sheet";
import { usePeople } from "./people";

type Approval = Shapes["Approval"];
const STATES = ["waiting", "done", "refused", "failed"] as const;
const COLOURS: Record<Approval["state"], Tone> = { waiting: "warn", approved: "plain", done: "good", failed: "bad", refused: "plain", ended: "plain" };

const Standing = ({ state }: { state: Approval["state"] }) => <Mark tone={COLOURS[state]}>{t(`approvals.state.${state}`)}</Mark>;
const actionOf = (action: string) => (knows(`approvals.action.${action}`) ? t(`approvals.action.${action}`) : action);

export default function Approvals() {
  useLanguage();
  const person = usePeople();
  const [asked, setAsked] = useSearchParams();
  const state = STATES.find((each) => each === asked.get("state")) ?? "waiting";
  const open = asked.get("open");
  const list = usePages(["approvals", state], async (cursor) => {
    const page = await ask(api.GET("/v1/approvals", { params: { query: { state, limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.approvals, next: page.next };
  });
  return (
    <>
      <Head title={t("approvals.title")} about={t("approvals.about")} />
      <div style={{ overflowX: "auto", marginBottom: 12 }}>
        <Segmented<(typeof STATES)[number]>
          aria-label={t("approvals.state")}
          value={state}
          onChange={(next) => setAsked({ state: next })}
          options={STATES.map((each) => ({ value: each, label: t(`approvals.state.${each}`) }))}
        />
      </div>
      <Listing
        list={list}
        label={t("approvals.title")}
        idOf={(row) => row.id}
        empty={state === "waiting" ? t("approvals.none.waiting") : t("approvals.none")}
        columns={[
          { key: "action", title: t("approvals.what"), show: (row) => actionOf(row.action) },
          { key: "by", title: t("approvals.by"), show: (row) => <bdi>{person(row.asked_by)}</bdi> },
          { key: "at", title: t("approvals.asked"), show: (row) => ago(row.asked_at) },
          { key: "state", title: t("approvals.state"), show: (row) => <Standing state={row.state} /> },
          { key: "decided", title: t("approvals.decided"), show: (row) => (row.decided_by === null ? "" : <bdi>{person(row.decided_by)}</bdi>) },
          {
            key: "open",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setAsked({ state, open: row.id })}>
                {t("approvals.open")}
              </Button>
            ),
          },
        ]}
      />
      <Sheet open={open !== null} close={() => setAsked({ state })} title={t("approvals.one")}>
        {open !== null && <One id={open} close={() => setAsked({ state })} />}
      </Sheet>
    </>
  );
}

function One({ id, close }: { id: string; close: () => void }) {
  const person = usePeople();
  const query = useQuery({ queryKey: ["approvals", "one", id], queryFn: () => ask(api.GET("/v1/approvals/{approval}", { params: { path: { approval: id } } })) });
  return (
    <Asked query={query}>
      {({ approval, body }) => (
        <Flex vertical gap={16}>
          <Facts
            facts={[
              [t("approvals.what"), actionOf(approval.action)],
              [t("approvals.state"), <Standing key="state" state={approval.state} />],
              [t("approvals.by"), <bdi key="by">{person(approval.asked_by)}</bdi>],
              [t("approvals.asked"), dateTime(approval.asked_at)],
              [t("approvals.ends"), approval.state === "waiting" ? dateTime(approval.ends_at) : null],
              [t("approvals.decided"), approval.decided_by === null ? null : <bdi key="decided">{person(approval.decided_by)}</bdi>],
              [t("approvals.note"), <bdi key="note">{approval.note}</bdi>],
              [t("approvals.outcome"), approval.outcome_code === "" ? null : explain(new Problem(approval.outcome_code, 409, approval.outcome_code))],
            ]}
          />
          <Wanted approval={approval} body={body} />
          {approval.state === "waiting" && <Decide approval={approval} close={close} />}
        </Flex>
      )}
    </Asked>
  );
}

interface Told {
  readonly kind?: string;
  readonly member?: { readonly id?: string; readonly identifier?: { readonly value?: string } };
  readonly ask?: { readonly currency?: string; readonly points?: number; readonly reason?: string };
}

/** What would be done: a correction in words, anything else by what was sent. */
function Wanted({ approval, body }: { approval: Approval; body: unknown }) {
  const names = useNames();
  const told = (typeof body === "object" && body !== null ? body : {}) as Told;
  if (told.kind === "adjust" && told.ask?.points !== undefined && told.member?.id !== undefined)
    return (
      <Facts
        facts={[
          [t("approvals.member"), <Link key="member" className="code" to={`/members/${told.member.id}`}>{told.member.id.slice(-12)}</Link>],
          [t("approvals.points"), <strong key="points" className={told.ask.points < 0 ? "loss" : "gain"}>{`${signed(told.ask.points)} ${names.currency(told.ask.currency ?? "")}`}</strong>],
          [t("approvals.reason"), <bdi key="reason">{told.ask.reason}</bdi>],
        ]}
      />
    );
  return (
    <div>
      <div className="code">{`${approval.method} ${approval.path}`}</div>
      <pre className="code rows" tabIndex={0} style={{ padding: 12, maxHeight: 320, whiteSpace: "pre-wrap" }} aria-label={t("approvals.sent")}>
        {JSON.stringify(body, null, 2)}
      </pre>
    </div>
  );
}

function Decide({ approval, close }: { approval: Approval; close: () => void }) {
  const { account } = useMe();
  const may = useMay("approvals:decide");
  const mayDo = useMay(approval.scope);
  const [form] = Form.useForm<{ note: string }>();
  const path = { approval: approval.id };
  const touches = [["approvals"], ["member"], ["members"]];
  const agree = useWrite((body: { note: string }) => ask(api.POST("/v1/approvals/{approval}/approve", { params: { path }, body })), { touches, said: t("approvals.agreed"), done: close });
  const refuse = useWrite((body: { note: string }) => ask(api.POST("/v1/approvals/{approval}/refuse", { params: { path }, body })), { touches, said: t("approvals.refused"), done: close });
  if (approval.asked_by === account.id) return <Alert type="info" showIcon title={t("approvals.own")} />;
  if (!may || !mayDo) return <Alert type="info" showIcon title={t("approvals.others")} />;
  const error = agree.error ?? refuse.error;
  return (
    <Form form={form} layout="vertical" requiredMark={false} initialValues={{ note: "" }} onFinish={(told) => agree.run(told)}>
      {error !== null && <Fault error={error} />}
      <Form.Item name="note" label={t("approvals.note")} extra={t("approvals.note.about")} rules={[{ max: 500 }]}>
        <Input.TextArea rows={2} maxLength={500} />
      </Form.Item>
      <Flex gap={8} wrap>
        <Button type="primary" htmlType="submit" loading={agree.isBusy} disabled={refuse.isBusy}>
          {t("approvals.agree")}
        </Button>
        <Button
          danger
          loading={refuse.isBusy}
          disabled={agree.isBusy}
          onClick={() => {
            const told = form.getFieldsValue();
            if (told.note.trim() === "") form.setFields([{ name: "note", errors: [needed().message] }]);
            else refuse.run(told);
          }}
        >
          {t("approvals.refuse")}
        </Button>
      </Flex>
    </Form>
  );
}
