/** What the service desk does for a member: correct points, bring two members together. */
import { DownOutlined } from "@ant-design/icons";
import { Button, Dropdown, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { api, askWhole, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { t } from "../../kit/words";
import { useNames } from "../shell/names";
import { useMay, useMe } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";
import { findOne } from "./finding";

type Member = Shapes["MemberView"];
type Doing = "adjust" | "merge" | "burning";

export function Actions({ member }: { member: Member }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const may = {
    adjust: [useMay("points:adjust"), useMay("activities:write"), member.state === "active" || member.state === "frozen"].every(Boolean),
    merge: [useMay("points:merge"), useMay("activities:write"), member.state === "active"].every(Boolean),
    burning: [useMay("burning:write"), member.state === "active"].every(Boolean),
  };
  const close = () => setDoing(null);
  const others = (["merge", "burning"] as const).filter((each) => may[each]);
  return (
    <>
      {may.adjust && (
        <Button type="primary" onClick={() => setDoing("adjust")}>
          {t("members.adjust")}
        </Button>
      )}
      {others.length > 0 && (
        <Dropdown trigger={["click"]} menu={{ items: others.map((key) => ({ key, label: t(`members.do.${key}`) })), onClick: ({ key }) => setDoing(key as Doing) }}>
          <Button icon={<DownOutlined aria-hidden />} iconPlacement="end">
            {t("members.do")}
          </Button>
        </Dropdown>
      )}
      {doing === "adjust" && <Adjust member={member.id} close={close} />}
      {doing === "merge" && <Merge member={member.id} close={close} />}
      {doing === "burning" && <Burning member={member.id} close={close} />}
    </>
  );
}

/** The name and the time of what is sent: the same however often it is tried, so that it is done once. */
const useNamed = () => useState(() => ({ id: newKey(), source: "console", occurred_at: ledgerNow().toISOString() }))[0];

function Adjust({ member, close }: { member: string; close: () => void }) {
  const names = useNames();
  const { account } = useMe();
  const named = useNamed();
  const write = useWrite(
    (told: { currency: string; points: number; reason: string }) =>
      askWhole(api.POST("/v1/activities", { body: { ...named, kind: "adjust", member: { id: member }, ask: { ...told, by: account.id } } })),
    { touches: [["member", member]], said: t("members.adjust.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  // What is offered first is known once the programme was read.
  if (names.currencies.length === 0) return null;
  return (
    <Dialog<{ currency: string; points: number; reason: string }>
      open
      title={t("members.adjust")}
      about={t("members.adjust.about")}
      close={close}
      write={write}
      go={t("members.adjust.go")}
      initialValues={{ currency: names.currencies[0]?.id }}
    >
      <Form.Item name="currency" label={t("members.currency")} rules={[chosen()]}>
        <Select options={names.currencies.map((each) => ({ value: each.id, label: each.name }))} />
      </Form.Item>
      <Form.Item name="points" label={t("members.adjust.points")} extra={t("members.adjust.points.about")} rules={[chosen()]}>
        <InputNumber precision={0} style={{ width: "100%" }} min={-1_000_000_000} max={1_000_000_000} />
      </Form.Item>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}

function Merge({ member, close }: { member: string; close: () => void }) {
  const { account } = useMe();
  const named = useNamed();
  const write = useWrite(
    async ({ text, reason }: { text: string; reason: string }) => {
      const to = { id: await findOne(text) };
      return askWhole(
        api.POST("/v1/activities", { body: { ...named, kind: "merge", member: { id: member }, to, ask: { by: account.id, reason } } }),
      );
    },
    { touches: [["member"], ["members"]], said: t("members.merge.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  return (
    <Dialog<{ text: string; reason: string }> open title={t("members.do.merge")} about={t("members.merge.about")} close={close} write={write} go={t("members.merge.go")} danger>
      <Form.Item name="text" label={t("members.merge.other")} rules={[needed()]}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}

/** Stop a member's points from being used, or let them be used again: a lost phone, a doubt. */
function Burning({ member, close }: { member: string; close: () => void }) {
  const write = useWrite(
    ({ burning, reason }: { burning: "off" | "on"; reason: string }) =>
      askWhole(api.PUT("/v1/members/{member}/burning", { params: { path: { member } }, body: { burning, reason } })),
    { touches: [["member", member]], said: t("members.burning.done"), done: close, waits: (answer) => answer.status === 202 },
  );
  return (
    <Dialog<{ burning: "off" | "on"; reason: string }>
      open
      title={t("members.do.burning")}
      about={t("members.burning.about")}
      close={close}
      write={write}
      go={t("members.save")}
      initialValues={{ burning: "off" }}
    >
      <Form.Item name="burning" label={t("members.burning")}>
        <Select options={(["off", "on"] as const).map((each) => ({ value: each, label: t(`members.burning.${each}`) }))} />
      </Form.Item>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}
