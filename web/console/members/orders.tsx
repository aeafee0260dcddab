/** The rewards that a member ordered: told on as they are made ready and handed over, or cancelled for their points. */
import { Button, Flex } from "antd";
import { useState } from "react";
import { api, ask, askWhole, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count, date } from "../../kit/format";
import { t } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Part } from "../shell/head";
import { Mark } from "../shell/mark";
import { useNames } from "../shell/names";
import { Listing } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, useWrite } from "../shell/write";
import { Ordering } from "./ordering";

type Order = Shapes["OrderView"];
type Next = "ready" | "fulfilled";
type Doing = { readonly order: Order; readonly to: Next | "cancel" };
/** What can be told of an order, by the state that it is in. */
const NEXT: Partial<Record<Order["state"], readonly Next[]>> = { ordered: ["ready", "fulfilled"], ready: ["fulfilled"] };

export function Orders({ member: { id: member, state } }: { member: Shapes["MemberView"] }) {
  const names = useNames();
  const mayTell = useMay("activities:write");
  const mayCancel = [useMay("points:reverse"), mayTell].every(Boolean);
  const [ordering, setOrdering] = useState(false);
  const [doing, setDoing] = useState<Doing | null>(null);
  const list = usePages(["member", member, "orders"], async (cursor) => {
    const page = await ask(api.GET("/v1/members/{member}/orders", { params: { path: { member }, query: { limit: 20, ...(cursor && { cursor }) } } }));
    return { rows: page.orders, next: page.next };
  });
  return (
    <Part title={t("members.orders")} extra={mayTell && state === "active" && <Button onClick={() => setOrdering(true)}>{t("members.order.new")}</Button>}>
      <Listing
        list={list}
        label={t("members.orders")}
        idOf={(row) => `${row.source} ${row.id}`}
        empty={t("members.orders.none")}
        columns={[
          { key: "title", title: t("members.reward"), show: (row) => <bdi>{row.title}</bdi> },
          { key: "state", title: t("members.state"), show: (row) => <Mark>{t(`members.order.${row.state}`)}</Mark> },
          { key: "points", title: t("members.amount"), end: true, show: (row) => `${count(row.points)} ${names.currency(row.currency)}` },
          { key: "cash", title: t("members.cash"), end: true, show: (row) => (row.cash_minor > 0 ? names.amount(row.cash_minor) : "") },
          { key: "at", title: t("members.when"), show: (row) => date(row.ordered_at) },
          {
            key: "do",
            title: "",
            show: (order) =>
              NEXT[order.state] !== undefined &&
              mayTell && (
                <Flex gap={8} wrap>
                  {(NEXT[order.state] ?? []).map((to) => (
                    <Button key={to} size="small" onClick={() => setDoing({ order, to })}>
                      {t(`members.order.do.${to}`)}
                    </Button>
                  ))}
                  {mayCancel && (
                    <Button size="small" danger onClick={() => setDoing({ order, to: "cancel" })}>
                      {t("members.order.do.cancel")}
                    </Button>
                  )}
                </Flex>
              ),
          },
        ]}
      />
      {ordering && <Ordering member={member} close={() => setOrdering(false)} />}
      {doing !== null && <GoOn member={member} doing={doing} close={() => setDoing(null)} />}
    </Part>
  );
}

function GoOn({ member, doing: { order, to }, close }: { member: string; doing: Doing; close: () => void }) {
  const [named] = useState(() => ({ id: newKey(), source: order.source, occurred_at: ledgerNow().toISOString(), member: { id: member } }));
  const write = useWrite(
    () => {
      const body = to === "cancel" ? { ...named, kind: "reverse", origin: order.id } : { ...named, kind: "reward_state", ask: { order: order.id, state: to } };
      return askWhole(api.POST("/v1/activities", { body }));
    },
    { touches: [["member", member]], said: t("members.order.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  return (
    <Dialog<object>
      open
      title={`${t(`members.order.do.${to}`)}: ${order.title}`}
      about={t(`members.order.about.${to}`)}
      close={close}
      write={write}
      go={t(`members.order.do.${to}`)}
      danger={to === "cancel"}
    />
  );
}
