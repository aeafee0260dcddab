/** Begin to change the programme: a copy to work on, which decides nothing. */
import { useQueryClient } from "@tanstack/react-query";
import { Form, Input, Modal, Typography } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, ask } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { day } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Failed } from "../shell/asked";

export function BeginSketch({ base, close }: { base: string; close: () => void }) {
  useLanguage();
  const go = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(() => t("programme.begin.called", { day: day(ledgerNow().toISOString().slice(0, 10)) }));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const begin = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await ask(api.POST("/v1/sketches", { body: { name: name.trim(), base, note: "" } }));
      void queries.invalidateQueries({ queryKey: ["sketches"] });
      void go(`/programme/sketches/${made.sketch.id}`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("programme.change")}
      okText={t("programme.begin")}
      onOk={() => void begin()}
      okButtonProps={{ disabled: name.trim() === "" }}
      confirmLoading={busy}
      onCancel={close}
    >
      {error !== null && <Failed error={error} />}
      <Typography.Paragraph>{t("programme.begin.about")}</Typography.Paragraph>
      <Form layout="vertical" onFinish={() => void begin()}>
        <Form.Item label={t("programme.begin.name")} htmlFor="sketch-name">
          <Input id="sketch-name" value={name} maxLength={100} onChange={(event) => setName(event.target.value)} autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  );
}
