/** The rule for one referrer with many newcomers who look alike, in a form. */
import { Form, InputNumber } from "antd";
import type { Shapes } from "../../client";
import { t } from "../../kit/words";
import { chosen, Dialog, type Write } from "../shell/write";
import type { Rules } from "./naming";

type Farm = Shapes["FarmRule"];
/** What may be changed, with its bounds. */
const NUMBERS = [
  ["newcomers_min", 2, 1000],
  ["days", 1, 90],
  ["alike_percent", 1, 100],
  ["near_percent", 0, 100],
  ["score", 1, 100],
] as const;

export function FarmForm({ farm, close, write }: { farm: Farm | undefined; close: () => void; write: Write<(now: Rules) => Rules> }) {
  const send = { ...write, run: (told: Farm) => write.run((now) => ({ ...now, farm: { ...now.farm, ...told } })) };
  return (
    <Dialog<Farm> open title={t("fraud.rule.referral_farm")} about={t("fraud.farm.about")} close={close} write={send} go={t("fraud.rules.save")} initialValues={farm ?? {}}>
      {NUMBERS.map(([name, min, max]) => (
        <Form.Item key={name} name={name} label={t(`fraud.farm.${name}`)} rules={[chosen()]}>
          <InputNumber min={min} max={max} precision={0} style={{ width: "100%" }} />
        </Form.Item>
      ))}
    </Dialog>
  );
}
