/** A level that somebody gives by hand, up to a day or without an end; or takes back. */
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { api, ask, askWhole, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { t } from "../../kit/words";
import { documentOf, offersOf } from "../programme/document";
import { inLanguage } from "../shell/names";
import { useMay, useMe } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type TierSet = Shapes["TierSet"];
/** No level is called so; a form takes what is empty for nothing chosen. */
const NONE = "-";

interface Told {
  readonly trait: string;
  readonly level: string;
  readonly until?: Dayjs | null;
  readonly reason: string;
}

export function Inviting({ member, sets }: { member: Shapes["MemberView"]; sets: readonly TierSet[] }) {
  const [open, setOpen] = useState(false);
  const may = [useMay("points:invite"), useMay("activities:write"), member.state === "active"].every(Boolean);
  const { data } = useQuery({ queryKey: ["program"], queryFn: () => ask(api.GET("/v1/program")), staleTime: 300_000 });
  const inviting = new Set(offersOf(documentOf(data?.document)).filter((each) => each.on.includes("invite")).map((each) => each.id));
  const these = sets.filter((each) => inviting.has(each.offer));
  if (!may || these.length === 0) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("members.invite")}</Button>
      {open && <Invite member={member.id} sets={these} close={() => setOpen(false)} />}
    </>
  );
}

function Invite({ member, sets, close }: { member: string; sets: readonly TierSet[]; close: () => void }) {
  const { account } = useMe();
  const [named] = useState(() => ({ id: newKey(), source: "console", occurred_at: ledgerNow().toISOString(), member: { id: member } }));
  const [trait, setTrait] = useState(sets[0]?.trait ?? "");
  const write = useWrite(
    ({ level, until, reason, ...told }: Told) =>
      askWhole(
        api.POST("/v1/activities", {
          body: {
            ...named,
            kind: "invite",
            ask: { trait: told.trait, level: level === NONE ? null : level, by: account.id, reason, ...(level !== NONE && until && { until: until.format("YYYY-MM-DD") }) },
          },
        }),
      ),
    { touches: [["member", member]], said: t("members.invite.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  const levels = sets.find((each) => each.trait === trait)?.levels ?? [];
  return (
    <Dialog<Told> open title={t("members.invite")} about={t("members.invite.about")} close={close} write={write} go={t("members.save")} initialValues={{ trait }}>
      <Form.Item name="trait" label={t("members.levels")} hidden={sets.length === 1} rules={[chosen()]}>
        <Select<string> onChange={setTrait} options={sets.map((each) => ({ value: each.trait, label: each.trait }))} />
      </Form.Item>
      <Form.Item name="level" label={t("members.level")} rules={[{ required: true, message: t("console.needed") }]}>
        <Select options={[...levels.map((each) => ({ value: each.id, label: inLanguage(each.name, each.id) })), { value: NONE, label: t("members.invite.none") }]} />
      </Form.Item>
      <Form.Item name="until" label={t("members.invite.until")} extra={t("members.invite.until.about")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}
