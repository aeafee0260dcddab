/** What a webhook is made of, in a form, and how it stands. */
import { Form, Input, Select, Switch } from "antd";
import type { Shapes } from "../../client";
import { t } from "../../kit/words";
import { Mark } from "../shell/mark";
import { needed } from "../shell/write";

export interface Told {
  readonly url: string;
  readonly description?: string;
  readonly kinds?: string[];
  readonly is_enabled: boolean;
}

/** The kind that stands for all of them. */
export const EVERY = "*";

export const toBody = (told: Told): Shapes["WebhookIn"] => ({ url: told.url.trim(), description: told.description ?? "", kinds: told.kinds?.length ? told.kinds : [EVERY], is_enabled: told.is_enabled });

export function Fields() {
  return (
    <>
      <Form.Item name="url" label={t("webhooks.url")} extra={t("webhooks.url.about")} rules={[needed(), { type: "url", message: t("webhooks.url.wrong") }]}>
        <Input type="url" maxLength={2000} />
      </Form.Item>
      <Form.Item name="description" label={t("webhooks.description")}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="kinds" label={t("webhooks.kinds")} extra={t("webhooks.kinds.about")}>
        <Select mode="tags" options={["points.issued", "points.redeemed", "points.expired", "member.joined", "level.changed"].map((value) => ({ value }))} />
      </Form.Item>
      <Form.Item name="is_enabled" label={t("webhooks.enabled")} valuePropName="checked">
        <Switch />
      </Form.Item>
    </>
  );
}

export function Standing({ webhook }: { webhook: Shapes["Webhook"] }) {
  if (!webhook.is_enabled) return <Mark tone="bad">{webhook.reason === "" ? t("webhooks.off") : t(`webhooks.off.${webhook.reason}`)}</Mark>;
  return webhook.failing_since === null ? <Mark tone="good">{t("webhooks.works")}</Mark> : <Mark tone="warn">{t("webhooks.failing")}</Mark>;
}
