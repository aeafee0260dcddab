/** The household that a member belongs to, and what it may use together. */
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, askWhole, newKey, Problem, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count, date } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useNames } from "../shell/names";
import { Facts, Rows } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { Dialog, needed, useWrite } from "../shell/write";
import { findOne } from "./finding";
import { Badge } from "./state";

type Member = Shapes["MemberView"];

export function Household({ member: { id: member, state } }: { member: Member }) {
  const names = useNames();
  const maySend = useMay("activities:write") && state === "active";
  const mayJoin = [useMay("points:household_join"), maySend].every(Boolean);
  const mayLeave = [useMay("points:household_leave"), maySend].every(Boolean);
  const [doing, setDoing] = useState<"join" | "leave" | null>(null);
  const close = () => setDoing(null);
  const query = useQuery({
    queryKey: ["member", member, "household"],
    queryFn: async () => {
      try {
        return await ask(api.GET("/v1/members/{member}/household", { params: { path: { member } } }));
      } catch (error) {
        if (error instanceof Problem && error.code === "household_unknown") return null;
        throw error;
      }
    },
  });
  return (
    <Asked query={query}>
      {(home) =>
        home === null ? (
          <>
            <div className="rows rows-empty">{t("members.household.none")}</div>
            {mayJoin && (
              <Button style={{ marginTop: 12 }} onClick={() => setDoing("join")}>
                {t("members.household.join")}
              </Button>
            )}
            {doing === "join" && <Join member={member} close={close} />}
          </>
        ) : (
          <>
            <Facts facts={home.pools.map((each) => [names.currency(each.currency), t("members.household.pool", { points: each.available })] as const)} />
            <div style={{ height: 12 }} />
            <Rows
              rows={home.members}
              label={t("members.tab.household")}
              idOf={(row) => row.member}
              empty={t("members.household.none")}
              columns={[
                { key: "member", title: t("members.member"), show: (row) => <Link className="code" to={`/members/${row.member}`}>{row.member.slice(-12)}</Link> },
                { key: "state", title: t("members.state"), show: (row) => <Badge state={row.state} /> },
                { key: "since", title: t("members.since"), show: (row) => date(row.since) },
              ]}
            />
            <p>{t("members.household.size", { count: home.members.length, size: count(home.members.length) })}</p>
            {mayLeave && <Button onClick={() => setDoing("leave")}>{t("members.household.leave")}</Button>}
            {doing === "leave" && <Leave member={member} close={close} />}
          </>
        )
      }
    </Asked>
  );
}

/** The name and the time of what is sent: the same however often it is tried. */
const useNamed = () => useState(() => ({ id: newKey(), source: "console", occurred_at: ledgerNow().toISOString() }))[0];

function Join({ member, close }: { member: string; close: () => void }) {
  const { account } = useMe();
  const named = useNamed();
  const write = useWrite(
    async ({ text }: { text: string }) => {
      const to = { id: await findOne(text) };
      return askWhole(api.POST("/v1/activities", { body: { ...named, kind: "household_join", member: { id: member }, to, ask: { by: account.id } } }));
    },
    { touches: [["member"]], said: t("members.household.joined"), done: close, waits: (answer) => answer.status === 202 },
  );
  return (
    <Dialog<{ text: string }> open title={t("members.household.join")} about={t("members.household.join.about")} close={close} write={write} go={t("members.household.join")}>
      <Form.Item name="text" label={t("members.household.with")} rules={[needed()]}>
        <Input maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}

function Leave({ member, close }: { member: string; close: () => void }) {
  const { account } = useMe();
  const named = useNamed();
  const write = useWrite(() => askWhole(api.POST("/v1/activities", { body: { ...named, kind: "household_leave", member: { id: member }, ask: { by: account.id } } })), {
    touches: [["member"]],
    said: t("members.household.left"),
    done: close,
    waits: (answer) => answer.status === 202,
  });
  return <Dialog<object> open title={t("members.household.leave")} about={t("members.household.leave.about")} close={close} write={write} go={t("members.household.leave")} danger />;
}
