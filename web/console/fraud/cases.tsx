/** Cases where something looks wrong: what was measured, the evidence, and what somebody decides. */
import { useQuery } from "@tanstack/react-query";
import { Button, Flex, Form, Input, Select, Typography } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { ago, count, dateTime } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { usePeople } from "../approvals/people";
import { Asked, usePages } from "../shell/asked";
import { Part } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { Facts, Listing, Rows } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { Sheet } from "../shell/sheet";
import { chosen, Dialog, Fault, needed, useWrite } from "../shell/write";
import { ruleName } from "./naming";

type Case = Shapes["FraudCase"];
type State = Case["state"];
type Deed = "freeze" | "clear" | "confirm" | "appeal";
const STATES: readonly State[] = ["open", "frozen", "cleared", "confirmed"];
const TONES: Record<State, Tone> = { open: "warn", frozen: "bad", cleared: "good", confirmed: "plain" };
const DEEDS: Record<State, readonly Deed[]> = { open: ["freeze", "clear", "confirm"], frozen: ["clear", "confirm", "appeal"], cleared: [], confirmed: ["appeal"] };

const Standing = ({ state }: { state: State }) => <Mark tone={TONES[state]}>{t(`fraud.state.${state}`)}</Mark>;

/** Those to whom a case can be given; nobody for whoever may only read. */
function useAble(): readonly Shapes["CasePerson"][] {
  const may = useMay("fraud:write");
  const { data } = useQuery({ queryKey: ["fraud", "people"], queryFn: () => ask(api.GET("/v1/fraud/people")), enabled: may, staleTime: 60_000 });
  return data?.people ?? [];
}

/** Who somebody is, by what is written down of them; nobody is nobody. */
function useWho(): (id: string) => string {
  const { account } = useMe();
  const people = usePeople();
  const able = new Map(useAble().map((each) => [each.id, each.name]));
  return (id) => (id === "" || id.includes("@") ? id : id === account.id ? people(id) : (able.get(id) ?? people(id)));
}

export function Cases() {
  const who = useWho();
  const [state, setState] = useState<State | "">("");
  const [open, setOpen] = useState<string | null>(null);
  const list = usePages(["fraud", "list", state], async (cursor) => {
    const page = await ask(api.GET("/v1/fraud/cases", { params: { query: { limit: 50, ...(state && { state: [state] }), ...(cursor && { cursor }) } } }));
    return { rows: page.cases, next: page.next };
  });
  return (
    <>
        <Select<State | "">
          aria-label={t("fraud.state")}
          value={state}
          onChange={setState}
          style={{ minWidth: 180, marginBottom: 12 }}
          options={[{ value: "", label: t("fraud.waiting") }, ...STATES.map((each) => ({ value: each, label: t(`fraud.state.${each}`) }))]}
        />
      <Listing
        list={list}
        label={t("fraud.title")}
        idOf={(row) => row.id}
        empty={t("fraud.none")}
        columns={[
          { key: "rule", title: t("fraud.rule"), show: (row) => <bdi>{ruleName(row.rule)}</bdi> },
          { key: "subject", title: t("fraud.subject"), show: (row) => <bdi className="code">{row.member === null ? row.subject : row.member.slice(-12)}</bdi> },
          { key: "measured", title: t("fraud.measured"), end: true, show: (row) => t("fraud.measured.of", { measured: row.measured, allowed: row.allowed }) },
          { key: "score", title: t("fraud.score"), end: true, show: (row) => count(row.score) },
          { key: "state", title: t("fraud.state"), show: (row) => <Standing state={row.state} /> },
          { key: "to", title: t("fraud.assigned"), show: (row) => <bdi>{who(row.assigned_to)}</bdi> },
          { key: "seen", title: t("fraud.seen"), show: (row) => ago(row.seen_at) },
          {
            key: "open",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setOpen(row.id)}>
                {t("fraud.look")}
              </Button>
            ),
          },
        ]}
      />
      <Sheet open={open !== null} close={() => setOpen(null)} title={t("fraud.one")}>
        {open !== null && <One id={open} />}
      </Sheet>
    </>
  );
}

function One({ id }: { id: string }) {
  const who = useWho();
  const query = useQuery({ queryKey: ["fraud", "one", id], queryFn: () => ask(api.GET("/v1/fraud/cases/{case}", { params: { path: { case: id } } })) });
  return (
    <Asked query={query}>
      {(whole) => (
        <>
          <Facts
            facts={[
              [t("fraud.rule"), <bdi key="rule">{ruleName(whole.case.rule)}</bdi>],
              [t("fraud.state"), <Standing key="state" state={whole.case.state} />],
              [t("fraud.member"), whole.case.member === null ? null : <Link key="member" className="code" to={`/members/${whole.case.member}`}>{whole.case.member.slice(-12)}</Link>],
              [t("fraud.measured"), t("fraud.measured.of", { measured: whole.case.measured, allowed: whole.case.allowed })],
              [t("fraud.opened"), dateTime(whole.case.opened_at)],
              [t("fraud.assigned"), <bdi key="assigned">{who(whole.case.assigned_to)}</bdi>],
            ]}
          />
          <Decide found={whole.case} />
          <Part title={t("fraud.deeds")}>
            {whole.deeds.map((each) => (
              <Typography.Paragraph key={each.version}>
                {dateTime(each.at)} <bdi>{who(each.by)}</bdi>: {knows(`fraud.did.${each.what}`) ? t(`fraud.did.${each.what}`) : each.what} <bdi dir="auto">{each.what === "assign" ? who(each.reason) : each.reason}</bdi>
              </Typography.Paragraph>
            ))}
            {whole.deeds.length === 0 && <Typography.Text type="secondary">{t("fraud.deeds.none")}</Typography.Text>}
          </Part>
          {whole.appeals.map((each) => (
            <Part key={each.at} title={t("fraud.appeal")}>
              <bdi dir="auto">{each.text}</bdi>
            </Part>
          ))}
          <Part title={t("fraud.evidence")}>
            <Rows
              rows={whole.evidence}
              label={t("fraud.evidence")}
              idOf={(row) => row.activity}
              empty={t("fraud.evidence.none")}
              columns={[
                { key: "at", title: t("fraud.at"), show: (row) => dateTime(row.at) },
                { key: "member", title: t("fraud.member"), show: (row) => <Link className="code" to={`/members/${row.member}?tab=statement`}>{row.member.slice(-12)}</Link> },
              ]}
            />
          </Part>
        </>
      )}
    </Asked>
  );
}

const DOORS = { freeze: "/v1/fraud/cases/{case}/freeze", clear: "/v1/fraud/cases/{case}/clear", confirm: "/v1/fraud/cases/{case}/confirm" } as const;

function Decide({ found }: { found: Case }) {
  const may = useMay("fraud:write");
  const { account } = useMe();
  const [deed, setDeed] = useState<Deed | null>(null);
  const [handing, setHanding] = useState(false);
  const isWaiting = found.state === "open" || found.state === "frozen";
  const params = { path: { case: found.id } };
  const touches = [["fraud"], ["waiting", "fraud"], ["member"]];
  const take = useWrite(() => ask(api.POST("/v1/fraud/cases/{case}/assign", { params, body: {} })), { touches, said: t("fraud.taken") });
  const write = useWrite(
    ({ reason }: { reason: string }) => {
      if (deed === "appeal") return ask(api.POST("/v1/fraud/cases/{case}/appeal", { params, body: { text: reason } }));
      return ask(api.POST(DOORS[deed ?? "clear"], { params, body: { reason } }));
    },
    { touches, said: t("fraud.decided"), done: () => setDeed(null) },
  );
  if (!may) return null;
  return (
    <Flex gap={8} wrap style={{ marginTop: 16 }}>
      {take.error !== null && <Fault error={take.error} />}
      {DEEDS[found.state].map((each) => (
        <Button key={each} danger={each === "freeze" || each === "confirm"} onClick={() => setDeed(each)} disabled={each === "freeze" && found.member === null}>
          {t(`fraud.do.${each}`)}
        </Button>
      ))}
      {isWaiting && <Button onClick={() => setHanding(true)}>{t("fraud.hand")}</Button>}
      {handing && <HandOver found={found} close={() => setHanding(false)} />}
      {found.assigned_to !== account.id && isWaiting && (
        <Button loading={take.isBusy} onClick={() => take.run(undefined)}>
          {t("fraud.take")}
        </Button>
      )}
      <Dialog<{ reason: string }>
        open={deed !== null}
        title={t(`fraud.do.${deed ?? "clear"}`)}
        about={deed === "appeal" ? t("fraud.appeal.about") : undefined}
        close={() => setDeed(null)}
        write={write}
        go={t(`fraud.do.${deed ?? "clear"}`)}
        danger={deed === "freeze" || deed === "confirm"}
      >
        <Form.Item name="reason" label={deed === "appeal" ? t("fraud.appeal") : t("fraud.reason")} rules={[needed()]}>
          <Input.TextArea rows={3} dir="auto" maxLength={deed === "appeal" ? 4000 : 1000} />
        </Form.Item>
      </Dialog>
    </Flex>
  );
}

/** Given to somebody else, who finds it among theirs. */
function HandOver({ found, close }: { found: Case; close: () => void }) {
  const { account } = useMe();
  const able = useAble().filter((each) => each.id !== account.id && each.id !== found.assigned_to);
  const write = useWrite(({ to }: { to: string }) => ask(api.POST("/v1/fraud/cases/{case}/assign", { params: { path: { case: found.id } }, body: { to } })), {
    touches: [["fraud"], ["waiting", "fraud"]],
    said: t("fraud.handed"),
    done: close,
  });
  return (
    <Dialog<{ to: string }> open title={t("fraud.hand")} about={t("fraud.hand.about")} close={close} write={write} go={t("fraud.hand")}>
      <Form.Item name="to" label={t("fraud.hand.to")} rules={[chosen()]}>
        <Select showSearch={{ optionFilterProp: "label" }} notFoundContent={t("fraud.hand.nobody")} options={able.map((each) => ({ value: each.id, label: each.name }))} />
      </Form.Item>
    </Dialog>
  );
}
