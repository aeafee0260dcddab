/** What a member allows, since when and by which words; the service desk writes down what was said. */
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Radio, Select } from "antd";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { date, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";
import { Mark } from "../shell/mark";

type Standing = Shapes["ConsentStanding"];
interface Told {
  readonly is_given: boolean;
  readonly channel: Standing["channel"];
  readonly proof: string;
}

export function Consents({ member }: { member: string }) {
  const mayWrite = useMay("consents:write");
  const [changing, setChanging] = useState<Standing | null>(null);
  const query = useQuery({ queryKey: ["member", member, "consents"], queryFn: () => ask(api.GET("/v1/members/{member}/consents", { params: { path: { member } } })) });
  return (
    <Asked query={query}>
      {(told) => (
        <>
          <Rows
            rows={told.standings}
            label={t("members.tab.consents")}
            idOf={(row) => `${row.purpose} ${row.channel}`}
            empty={t("members.consents.none")}
            columns={[
              { key: "purpose", title: t("members.consents.purpose"), show: (row) => t(`members.purpose.${row.purpose}`) },
              { key: "channel", title: t("members.consents.channel"), show: (row) => t(`members.channel.${row.channel}`) },
              { key: "allowed", title: t("members.consents.allowed"), show: (row) => <Mark tone={row.is_allowed ? "good" : "plain"}>{row.is_allowed ? t("console.yes") : t("console.no")}</Mark> },
              { key: "since", title: t("members.since"), show: (row) => (row.since === null ? "" : date(row.since)) },
              {
                key: "change",
                title: "",
                show: (row) =>
                  mayWrite && (
                    <Button size="small" onClick={() => setChanging(row)}>
                      {t("members.consents.change")}
                    </Button>
                  ),
              },
            ]}
          />
          <Part title={t("members.consents.history")}>
            <Rows
              rows={told.entries}
              label={t("members.consents.history")}
              idOf={(row) => row.id}
              empty={t("members.consents.history.none")}
              columns={[
                { key: "at", title: t("members.when"), show: (row) => dateTime(row.occurred_at) },
                { key: "purpose", title: t("members.consents.purpose"), show: (row) => t(`members.purpose.${row.purpose}`) },
                { key: "given", title: t("members.consents.allowed"), show: (row) => (row.is_given ? t("console.yes") : t("console.no")) },
                { key: "door", title: t("members.consents.door"), show: (row) => t(`members.door.${row.door}`) },
                { key: "proof", title: t("members.consents.proof"), show: (row) => <bdi>{row.proof}</bdi> },
              ]}
            />
          </Part>
          {changing !== null && <Change member={member} standing={changing} close={() => setChanging(null)} />}
        </>
      )}
    </Asked>
  );
}

function Change({ member, standing, close }: { member: string; standing: Standing; close: () => void }) {
  const [key] = useState(newKey);
  const write = useWrite(
    ({ is_given, channel, proof }: Told) =>
      ask(
        api.POST("/v1/members/{member}/consents", {
          params: { path: { member }, header: { "Idempotency-Key": key } },
          body: { choices: [{ purpose: standing.purpose, is_given, channel, proof }] },
        }),
      ),
    { touches: [["member", member, "consents"]], said: t("members.consents.done"), done: close },
  );
  return (
    <Dialog<Told>
      open
      title={t("members.consents.title", { purpose: t(`members.purpose.${standing.purpose}`) })}
      close={close}
      write={write}
      go={t("members.save")}
      initialValues={{ is_given: !standing.is_allowed, channel: standing.channel }}
    >
      <Form.Item name="is_given" label={t("members.consents.allowed")}>
        <Radio.Group options={[{ value: true, label: t("console.yes") }, { value: false, label: t("console.no") }]} />
      </Form.Item>
      <Form.Item name="channel" label={t("members.consents.channel")} rules={[chosen()]}>
        <Select options={(["any", "email", "sms", "push", "wechat", "inbox"] as const).map((each) => ({ value: each, label: t(`members.channel.${each}`) }))} />
      </Form.Item>
      <Form.Item name="proof" label={t("members.consents.proof")} extra={t("members.consents.proof.about")} rules={[needed()]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}
