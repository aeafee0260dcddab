/** What a member did lately, and what each came to. */
import { useState } from "react";
import { Button, Form, Input } from "antd";
import { api, ask, askWhole, newKey } from "../../client";
import { count, dateTime, signed } from "../../kit/format";
import { t } from "../../kit/words";
import { usePages } from "../shell/asked";
import { useNames } from "../shell/names";
import { Listing } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { Sheet } from "../shell/sheet";
import { Dialog, needed, useWrite } from "../shell/write";
import { Explanation, kindOf } from "./statement";

/** The merge that is undone: named as it was recorded. */
interface Merged {
  readonly source: string;
  readonly origin: string;
}

function Unmerge({ member, merged, close }: { member: string; merged: Merged; close: () => void }) {
  const { account } = useMe();
  const [named] = useState(() => ({ id: newKey(), occurred_at: new Date().toISOString() }));
  const write = useWrite(
    ({ reason }: { reason: string }) => askWhole(api.POST("/v1/activities", { body: { ...named, ...merged, kind: "unmerge", member: { id: member }, ask: { by: account.id, reason } } })),
    { touches: [["member"], ["members"]], said: t("members.unmerge.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  return (
    <Dialog<{ reason: string }> open title={t("members.unmerge")} about={t("members.unmerge.about")} close={close} write={write} go={t("members.unmerge")} danger>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}

export function Activities({ member }: { member: string }) {
  const names = useNames();
  const [why, setWhy] = useState<string | null>(null);
  const [undoing, setUndoing] = useState<Merged | null>(null);
  const mayUndo = [useMay("points:unmerge"), useMay("activities:write")].every(Boolean);
  const list = usePages(["member", member, "activities"], async (cursor) => {
    const page = await ask(api.GET("/v1/members/{member}/activities", { params: { path: { member }, query: { limit: 30, ...(cursor && { cursor }) } } }));
    return { rows: page.activities, next: page.next };
  });
  const gained = (points: readonly { readonly currency: string; readonly points: number }[]) => {
    const sums = new Map<string, number>();
    for (const each of points) sums.set(each.currency, (sums.get(each.currency) ?? 0) + each.points);
    return [...sums].map(([currency, sum]) => `${signed(sum)} ${names.currency(currency)}`).join(" · ");
  };
  return (
    <>
      <Listing
        list={list}
        label={t("members.tab.activities")}
        idOf={(row) => row.receipt.activity}
        empty={t("members.activities.none")}
        columns={[
          { key: "at", title: t("members.when"), show: (row) => dateTime(row.receipt.occurred_at) },
          { key: "kind", title: t("members.what"), show: (row) => kindOf(row.receipt.kind) },
          { key: "store", title: t("members.store"), show: (row) => <bdi>{row.store}</bdi> },
          { key: "lines", title: t("members.lines"), end: true, show: (row) => (row.lines > 0 ? count(row.lines) : "") },
          { key: "total", title: t("members.total"), end: true, show: (row) => (row.lines > 0 ? names.amount(row.total_minor) : "") },
          { key: "points", title: t("members.points"), end: true, show: (row) => gained(row.receipt.points) },
          {
            key: "undo",
            title: "",
            show: (row) =>
              mayUndo &&
              row.receipt.kind === "merge" && (
                <Button size="small" danger onClick={() => setUndoing({ source: row.receipt.source, origin: row.receipt.id })}>
                  {t("members.unmerge")}
                </Button>
              ),
          },
          {
            key: "why",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setWhy(row.receipt.activity)}>
                {t("members.why")}
              </Button>
            ),
          },
        ]}
      />
      {undoing !== null && <Unmerge member={member} merged={undoing} close={() => setUndoing(null)} />}
      <Sheet open={why !== null} close={() => setWhy(null)} title={t("members.why.title")}>
        {why !== null && <Explanation member={member} activity={why} />}
      </Sheet>
    </>
  );
}
