/** By which ways a kind of message goes out, at which hours not, and how often at most. */
import { Flex, Form, Input, InputNumber, Select, Switch } from "antd";
import { api, ask, type Shapes } from "../../client";
import { t } from "../../kit/words";
import { chosen, Dialog, useWrite } from "../shell/write";

type Rule = Shapes["RuleOfKind"];
export const CHANNELS = ["inbox", "push", "wechat", "email", "sms"] as const;
const MINUTES = 60;
const EVENING = 21 * MINUTES;
const MORNING = 8 * MINUTES;
/** Minutes after midnight as a clock shows them: 21:00. */
export const clockOf = (minutes: number): string => `${String(Math.floor(minutes / MINUTES)).padStart(2, "0")}:${String(minutes % MINUTES).padStart(2, "0")}`;

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number);
  return (hours ?? 0) * MINUTES + (minutes ?? 0);
}

interface Told {
  readonly channels: Rule["channels"];
  readonly quiet: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly capped: boolean;
  readonly cap_most?: number;
  readonly cap_days?: number;
}

function fold({ channels, quiet, from, until, capped, cap_most, cap_days }: Told, days: number): Shapes["Rule"] {
  return {
    channels,
    quiet_from: quiet ? minutesOf(from ?? "") : 0,
    quiet_until: quiet ? minutesOf(until ?? "") : 0,
    cap_most: capped ? (cap_most ?? 0) : 0,
    cap_days: cap_days ?? days,
  };
}

export function RuleForm({ rule, close }: { rule: Rule; close: () => void }) {
  const { kind } = rule;
  const quiet = rule.quiet_from !== rule.quiet_until;
  const capped = (rule.cap_most ?? 0) > 0;
  const write = useWrite((told: Told) => ask(api.PUT("/v1/messages/rules/{kind}", { params: { path: { kind } }, body: fold(told, rule.cap_days ?? 7) })), {
    touches: [["messages", "rules"]],
    said: t("messages.saved"),
    done: close,
  });
  const now: Told = {
    channels: rule.channels,
    quiet,
    from: clockOf(quiet ? (rule.quiet_from ?? 0) : EVENING),
    until: clockOf(quiet ? (rule.quiet_until ?? 0) : MORNING),
    capped,
    cap_most: capped ? (rule.cap_most ?? 1) : 2,
    cap_days: rule.cap_days ?? 7,
  };
  return (
    <Dialog<Told> open title={t(`messages.kind.${kind}`)} close={close} write={write} go={t("messages.save")} initialValues={now}>
      <Form.Item name="channels" label={t("messages.channels")} extra={t("messages.channels.about")}>
        <Select mode="multiple" options={CHANNELS.map((each) => ({ value: each, label: t(`messages.channel.${each}`) }))} />
      </Form.Item>
      <Form.Item name="quiet" label={t("messages.quiet")} extra={t("messages.quiet.about")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Hours />
      <Form.Item name="capped" label={t("messages.cap.on")} extra={t("messages.cap.about")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Cap />
    </Dialog>
  );
}

/** From when until when; over midnight is what most want. */
function Hours() {
  const form = Form.useFormInstance<Told>();
  if (Form.useWatch<boolean | undefined>("quiet") !== true) return null;
  const isSame = (_: unknown, until: string) => (until === form.getFieldValue("from") ? Promise.reject(new Error(t("messages.quiet.same"))) : Promise.resolve());
  return (
    <Flex gap={8} align="start">
      <Form.Item name="from" label={t("messages.quiet.from")} rules={[chosen()]} style={{ flex: 1 }}>
        <Input type="time" />
      </Form.Item>
      <Form.Item name="until" label={t("messages.quiet.until")} dependencies={["from"]} rules={[chosen(), { validator: isSame }]} style={{ flex: 1 }}>
        <Input type="time" />
      </Form.Item>
    </Flex>
  );
}

function Cap() {
  if (Form.useWatch<boolean | undefined>("capped") !== true) return null;
  return (
    <Flex gap={8} align="start">
      <Form.Item name="cap_most" label={t("messages.cap.most")} rules={[chosen()]} style={{ flex: 1 }}>
        <InputNumber min={1} max={1000} precision={0} style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="cap_days" label={t("messages.cap.days")} rules={[chosen()]} style={{ flex: 1 }}>
        <InputNumber min={1} max={366} precision={0} style={{ width: "100%" }} />
      </Form.Item>
    </Flex>
  );
}
