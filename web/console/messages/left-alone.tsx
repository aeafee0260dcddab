/** Addresses that nothing is sent to. They are kept so that nobody can read them: one asks for an address. */
import { Alert, Button, Flex, Form, Input, Select } from "antd";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t } from "../../kit/words";
import { Part } from "../shell/head";
import { Dialog, Fault, needed, useWrite } from "../shell/write";

type Asked = Shapes["AddressAsked"];
type Reason = NonNullable<Shapes["AddressFound"]["reason"]>;
type Channel = NonNullable<Asked["channel"]>;
const CHANNELS: readonly Channel[] = ["email", "sms", "push", "wechat"];
const REASONS: readonly Reason[] = ["asked", "complained", "bounced"];
const ADDRESSES_MAX = 1000;
const split = (text: string): string[] => [...new Set(text.split(/[\s,;，；]+/).filter((each) => each !== ""))];
const channels = () => CHANNELS.map((each) => ({ value: each, label: t(`messages.channel.${each}`) }));

export function LeftAlone() {
  const [adding, setAdding] = useState(false);
  const [reporting, setReporting] = useState(false);
  return (
    <>
      <p>{t("messages.alone.about")}</p>
      <LookUp />
      <Part
        title={t("messages.alone.more")}
        extra={
          <Flex gap={8} wrap>
            <Button onClick={() => setAdding(true)}>{t("messages.alone.add")}</Button>
            <Button onClick={() => setReporting(true)}>{t("messages.bounce")}</Button>
          </Flex>
        }
      >
        <p>{t("messages.alone.more.about")}</p>
      </Part>
      {adding && <Add close={() => setAdding(false)} />}
      {reporting && <Bounce close={() => setReporting(false)} />}
    </>
  );
}

function LookUp() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const look = useMutation({
    mutationFn: (body: Asked) => ask(api.POST("/v1/messages/suppressions/find", { body })),
    onSuccess: (_, body) => setAsked(body),
  });
  const again = () => asked !== null && look.mutate(asked);
  return (
    <>
      <Form<Asked> layout="vertical" requiredMark={false} initialValues={{ channel: "email" }} onFinish={({ address, channel }) => look.mutate({ address: address.trim(), ...(channel && { channel }) })}>
        <Flex gap={12} wrap align="end">
          <Form.Item name="channel" label={t("messages.channel")} style={{ flex: "1 1 140px" }}>
            <Select options={channels()} />
          </Form.Item>
          <Form.Item name="address" label={t("messages.alone.address")} rules={[needed()]} style={{ flex: "3 1 240px" }}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item>
            <Button type="primary" htmlType="submit" loading={look.isPending}>
              {t("messages.alone.look")}
            </Button>
          </Form.Item>
        </Flex>
      </Form>
      {look.error !== null && <Fault error={look.error} />}
      {asked !== null && look.data !== undefined && <Found asked={asked} reason={look.data.reason} done={again} />}
    </>
  );
}

/** What there is of one address, and what can be done about it. */
function Found({ asked, reason, done }: { asked: Asked; reason: Reason | null; done: () => void }) {
  const { address, channel = "email" } = asked;
  const lift = useWrite(() => ask(api.POST("/v1/messages/suppressions/lift", { body: { address, channel } })), { touches: [], said: t("messages.alone.lifted"), done });
  const stop = useWrite(() => ask(api.POST("/v1/messages/suppressions", { body: { addresses: [address], channel, reason: "asked" } })), { touches: [], said: t("messages.alone.added"), done });
  const error = lift.error ?? stop.error;
  return (
    <>
      {error !== null && <Fault error={error} />}
      <Alert
        type={reason === null ? "success" : "warning"}
        showIcon
        role="status"
        title={<bdi>{address}</bdi>}
        description={reason === null ? t("messages.alone.free") : t(`messages.alone.is.${reason}`)}
        action={
          reason === null ? (
            <Button size="small" loading={stop.isBusy} onClick={() => stop.run(undefined)}>
              {t("messages.alone.stop")}
            </Button>
          ) : (
            <Button size="small" loading={lift.isBusy} onClick={() => lift.run(undefined)}>
              {t("messages.alone.lift")}
            </Button>
          )
        }
      />
    </>
  );
}

function Add({ close }: { close: () => void }) {
  interface Told {
    readonly channel: Channel;
    readonly reason: Reason;
    readonly addresses: string;
  }
  const write = useWrite(({ channel, reason, addresses }: Told) => ask(api.POST("/v1/messages/suppressions", { body: { channel, reason, addresses: split(addresses) } })), {
    touches: [],
    said: t("messages.alone.added"),
    done: close,
  });
  const fits = (_: unknown, text: string) => (split(text).length > ADDRESSES_MAX ? Promise.reject(new Error(t("messages.alone.many", { most: count(ADDRESSES_MAX) }))) : Promise.resolve());
  return (
    <Dialog<Told> open title={t("messages.alone.add")} close={close} write={write} go={t("messages.alone.stop")} initialValues={{ channel: "email", reason: "asked" }}>
      <Form.Item name="channel" label={t("messages.channel")}>
        <Select options={channels()} />
      </Form.Item>
      <Form.Item name="reason" label={t("messages.reason")}>
        <Select options={REASONS.map((each) => ({ value: each, label: t(`messages.alone.is.${each}`) }))} />
      </Form.Item>
      <Form.Item name="addresses" label={t("messages.alone.addresses")} extra={t("messages.alone.addresses.about")} rules={[needed(), { validator: fits }]}>
        <Input.TextArea rows={6} className="code" />
      </Form.Item>
    </Dialog>
  );
}

/** A report of a mail server: an address that is gone is left alone from now on. */
function Bounce({ close }: { close: () => void }) {
  const write = useWrite((body: { mail: string }) => ask(api.POST("/v1/messages/bounces", { body })), { touches: [["messages", "outbox"]], said: t("messages.bounce.done"), done: close });
  return (
    <Dialog<{ mail: string }> open title={t("messages.bounce")} about={t("messages.bounce.about")} close={close} write={write} go={t("messages.bounce.go")}>
      <Form.Item name="mail" label={t("messages.bounce.mail")} rules={[needed()]}>
        <Input.TextArea rows={8} className="code" maxLength={200_000} />
      </Form.Item>
    </Dialog>
  );
}
