/** One rule in a form: by what is counted, what, how many are too many, within how long, and how much a case weighs. */
import { Flex, Form, Input, InputNumber, Select } from "antd";
import { t } from "../../kit/words";
import { kindOf } from "../members/statement";
import { chosen, Dialog, needed, type Write } from "../shell/write";
import { minutesOf, putRule, ruleName, spanOf, UNITS, type Rule, type Rules, type Unit } from "./naming";

const PER: readonly Rule["per"][] = ["member", "card", "till", "cashier", "cashier_member", "device", "address", "staff"];
const COUNTS = ["activities", "points", "tills", "members"] as const;
const KINDS = ["purchase", "return", "adjust", "redeem", "gift", "order", "check_in"] as const;
const MINUTES_MAX = 44_640;
const FARM = "referral_farm";

interface Told extends Omit<Rule, "minutes"> {
  readonly span: number;
  readonly unit: Unit;
}

const FRESH: Partial<Told> = { counts: "activities", kinds: ["purchase"], per: "member", span: 1, unit: "days", score: 50 };

function fold({ span, unit, ...told }: Told, before: Rule | null): Rule {
  return { ...before, ...told, id: before?.id ?? told.id, kinds: told.kinds ?? [], minutes: minutesOf(span, unit) };
}

export function RuleForm({ rule, taken, close, write }: { rule: Rule | null; taken: readonly string[]; close: () => void; write: Write<(now: Rules) => Rules> }) {
  const send = { ...write, run: (told: Told) => write.run(putRule(fold(told, rule))) };
  const isTaken = (_: unknown, id: string) => (rule === null && (taken.includes(id) || id === FARM) ? Promise.reject(new Error(t("fraud.rules.id.taken"))) : Promise.resolve());
  return (
    <Dialog<Told>
      open
      title={rule === null ? t("fraud.rules.new") : ruleName(rule.id)}
      close={close}
      write={send}
      go={t("fraud.rules.save")}
      initialValues={rule === null ? FRESH : { ...rule, ...spanOf(rule.minutes) }}
    >
      {rule === null && (
        <Form.Item name="id" label={t("fraud.rules.id")} extra={t("fraud.rules.id.about")} rules={[needed(), { pattern: /^[a-z][a-z0-9_]*$/, message: t("fraud.rules.id.wrong") }, { validator: isTaken }]}>
          <Input maxLength={64} />
        </Form.Item>
      )}
      <Form.Item name="per" label={t("fraud.rules.per")} extra={t("fraud.rules.per.about")} rules={[chosen()]}>
        <Select options={PER.map((each) => ({ value: each, label: t(`fraud.per.${each}`) }))} />
      </Form.Item>
      <Form.Item name="counts" label={t("fraud.rules.counts")} rules={[chosen()]}>
        <Select options={COUNTS.map((each) => ({ value: each, label: t(`fraud.counted.${each}`) }))} />
      </Form.Item>
      <Form.Item name="kinds" label={t("fraud.rules.kinds")} extra={t("fraud.rules.kinds.about")}>
        <Select mode="tags" options={KINDS.map((each) => ({ value: each, label: kindOf(each) }))} />
      </Form.Item>
      <Form.Item name="more_than" label={t("fraud.rules.most")} rules={[chosen()]}>
        <InputNumber min={1} max={Number.MAX_SAFE_INTEGER} precision={0} style={{ width: "100%" }} />
      </Form.Item>
      <Span />
      <Form.Item name="score" label={t("fraud.score")} extra={t("fraud.rules.score.about")} rules={[chosen()]}>
        <InputNumber min={1} max={100} precision={0} style={{ width: "100%" }} />
      </Form.Item>
    </Dialog>
  );
}

function Span() {
  const unit = Form.useWatch<Unit | undefined>("unit") ?? "minutes";
  return (
    <Flex gap={8} align="start">
      <Form.Item name="span" label={t("fraud.rules.within")} rules={[chosen()]} style={{ flex: 1 }}>
        <InputNumber min={1} max={Math.floor(MINUTES_MAX / minutesOf(1, unit))} precision={0} style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="unit" label={t("fraud.rules.unit")} style={{ flex: 1 }}>
        <Select options={UNITS.map(([each]) => ({ value: each, label: t(`fraud.unit.${each}`) }))} />
      </Form.Item>
    </Flex>
  );
}
