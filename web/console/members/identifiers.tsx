/** What a member is found by: cards and addresses, added when one is new, taken away when one is lost. */
import { Alert, Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { date } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { Part } from "../shell/head";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type Member = Shapes["MemberView"];
type Shown = Member["identifiers"][number];
const KINDS = ["card", "phone", "email"] as const;
const nameOf = (kind: string) => (knows(`members.kind.${kind}`) ? t(`members.kind.${kind}`) : kind);

export function Identifiers({ member }: { member: Member }) {
  const may = useMay("members:vouch") && member.state === "active";
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Shown | null>(null);
  const path = { member: member.id };
  const touches = [["member", member.id]];
  const remove = useWrite(() => ask(api.POST("/v1/members/{member}/identifiers/{identifier}/remove", { params: { path: { ...path, identifier: removing?.id ?? "" } } })), {
    touches,
    said: t("members.identifier.removed"),
    done: () => setRemoving(null),
  });
  return (
    <Part title={t("members.identifiers")} extra={may && <Button onClick={() => setAdding(true)}>{t("members.identifier.add")}</Button>}>
      <Rows
        rows={member.identifiers}
        label={t("members.identifiers")}
        idOf={(row) => row.id}
        empty={t("members.identifiers.none")}
        columns={[
          { key: "kind", title: t("members.identifier.kind"), show: (row) => nameOf(row.kind) },
          { key: "value", title: t("members.identifier.value"), show: (row) => <bdi>{row.value}</bdi> },
          { key: "at", title: t("members.since"), show: (row) => date(row.added_at) },
          {
            key: "remove",
            title: "",
            show: (row) =>
              may && (
                <Button size="small" onClick={() => setRemoving(row)}>
                  {t("members.identifier.remove")}
                </Button>
              ),
          },
        ]}
      />
      {adding && <Add member={member.id} close={() => setAdding(false)} />}
      <Dialog<object>
        open={removing !== null}
        title={t("members.identifier.remove.title", { value: removing?.value ?? "" })}
        about={t("members.identifier.remove.about")}
        close={() => setRemoving(null)}
        write={remove}
        go={t("members.identifier.remove")}
        danger
      />
    </Part>
  );
}

function Add({ member, close }: { member: string; close: () => void }) {
  const [key] = useState(newKey);
  const write = useWrite(
    (identifier: { kind: string; value: string }) =>
      ask(api.POST("/v1/members/{member}/identifiers", { params: { path: { member }, header: { "Idempotency-Key": key } }, body: { identifier } })),
    { touches: [["member", member]], said: t("members.identifier.added"), done: close },
  );
  return (
    <Dialog<{ kind: string; value: string }> open title={t("members.identifier.add")} close={close} write={write} go={t("members.identifier.add")} initialValues={{ kind: "card" }}>
      <Alert type="info" style={{ marginBottom: 16 }} title={t("members.identifier.about")} />
      <Form.Item name="kind" label={t("members.identifier.kind")} rules={[chosen()]}>
        <Select options={KINDS.map((each) => ({ value: each, label: nameOf(each) }))} />
      </Form.Item>
      <Form.Item name="value" label={t("members.identifier.value")} rules={[needed()]}>
        <Input maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}
