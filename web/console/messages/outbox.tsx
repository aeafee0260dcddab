/** Messages on their way, and what became of them. */
import { Button, Select } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Mark, type Tone } from "../shell/mark";
import { Listing } from "../shell/rows";
import { useMay } from "../shell/session";
import { Fault, useWrite } from "../shell/write";

type Message = Shapes["Message"];
type State = Message["state"];
const STATES: readonly State[] = ["waiting", "claimed", "sending", "sent", "skipped", "failed", "doubtful"];
/** What ended without being sent for certain, and so may be sent once more. */
const AGAIN: ReadonlySet<State> = new Set<State>(["skipped", "failed", "doubtful"]);
const TONES: Record<State, Tone> = { waiting: "warn", claimed: "warn", sending: "warn", sent: "good", skipped: "plain", failed: "bad", doubtful: "bad" };

/** All messages, or those of one member. */
export function Outbox({ member }: { member?: string }) {
  const mayWrite = useMay("messages:write");
  const [state, setState] = useState<State | "">("");
  const list = usePages(["messages", "outbox", member, state], async (cursor) => {
    const page = await ask(api.GET("/v1/messages", { params: { query: { limit: 50, ...(member && { member }), ...(state && { state }), ...(cursor && { cursor }) } } }));
    return { rows: page.messages, next: page.next };
  });
  const again = useWrite((message: string) => ask(api.POST("/v1/messages/{message}/again", { params: { path: { message } } })), { touches: [["messages", "outbox"]], said: t("messages.again.done") });
  return (
    <>
      <Select<State | "">
        aria-label={t("messages.state")}
        value={state}
        onChange={setState}
        style={{ minWidth: 160, marginBottom: 12 }}
        options={[{ value: "", label: t("console.all") }, ...STATES.map((each) => ({ value: each, label: t(`messages.state.${each}`) }))]}
      />
      {again.error !== null && <Fault error={again.error} />}
      <Listing
        list={list}
        label={t("messages.outbox")}
        idOf={(row) => row.id}
        empty={t("messages.none")}
        columns={[
          { key: "at", title: t("messages.at"), show: (row) => dateTime(row.created_at) },
          { key: "kind", title: t("messages.kind"), show: (row) => t(`messages.kind.${row.kind}`) },
          { key: "channel", title: t("messages.channel"), show: (row) => t(`messages.channel.${row.channel}`) },
          ...(member === undefined ? [{ key: "member", title: t("messages.member"), show: (row: Message) => <Link className="code" to={`/members/${row.member}`}>{row.member.slice(-12)}</Link> }] : []),
          { key: "state", title: t("messages.state"), show: (row) => <Mark tone={TONES[row.state]}>{t(`messages.state.${row.state}`)}</Mark> },
          { key: "reason", title: t("messages.reason"), show: (row) => <bdi>{knows(`messages.why.${row.reason}`) ? t(`messages.why.${row.reason}`) : row.reason}</bdi> },
          {
            key: "again",
            title: "",
            show: (row) =>
              mayWrite &&
              AGAIN.has(row.state) && (
                <Button size="small" loading={again.isBusy} onClick={() => again.run(row.id)}>
                  {t("messages.again")}
                </Button>
              ),
          },
        ]}
      />
    </>
  );
}
