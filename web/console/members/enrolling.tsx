/** Somebody who becomes a member at the desk, with what they will be found by. */
import { Form, Input, Select } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, ask, newKey } from "../../client";
import { t } from "../../kit/words";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

const KINDS = ["card", "phone", "email"] as const;

export function Enrolling({ close }: { close: () => void }) {
  const [key] = useState(newKey);
  const go = useNavigate();
  const write = useWrite(
    (identifier: { kind: string; value: string }) => ask(api.POST("/v1/members", { params: { header: { "Idempotency-Key": key } }, body: { identifiers: [identifier] } })),
    {
      touches: [["members"]],
      said: t("members.enrolled"),
      done: (made) => {
        close();
        void go(`/members/${made.id}`);
      },
    },
  );
  return (
    <Dialog<{ kind: string; value: string }> open title={t("members.enrol")} about={t("members.enrol.about")} close={close} write={write} go={t("members.enrol")} initialValues={{ kind: "card" }}>
      <Form.Item name="kind" label={t("members.identifier.kind")} rules={[chosen()]}>
        <Select options={KINDS.map((each) => ({ value: each, label: t(`members.kind.${each}`) }))} />
      </Form.Item>
      <Form.Item name="value" label={t("members.identifier.value")} rules={[needed()]}>
        <Input maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}
