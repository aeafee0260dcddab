/** What may be done with a version now, by who is signed in: reviewed, tried, published, taken back, retired. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Flex, Input, Modal, Radio, Typography } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, askWhole, newKey, type Shapes } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { useMay } from "../shell/session";
import { Failed } from "../shell/asked";
import { BeginSketch } from "./begin";
import { ANYBODY, isSaid, OnWhom, pilotOn, type Whom } from "./pilot";

type Version = Shapes["VersionView"];
export type Kind = "review" | "pilot" | "publish" | "rollback" | "retire";

interface Told {
  readonly note: string;
  /** As a browser's field gives it: local, without a zone. Empty: now. */
  readonly at: string;
  readonly whom: Whom;
}

const NEXT: Readonly<Record<string, readonly Kind[]>> = {
  draft: ["review", "publish", "pilot", "retire"],
  simulated: ["review", "publish", "pilot", "retire"],
  reviewed: ["publish", "pilot", "retire"],
  scheduled: ["rollback"],
  pilot: ["publish", "rollback", "retire"],
  live: ["rollback"],
  retired: [],
};

/** What may be done with a version; the first is what comes next. */
export function nextOf(version: Version): readonly Kind[] {
  return NEXT[version.state] ?? [];
}

async function take(kind: Kind, version: string, told: Told, key: string) {
  const params = { path: { version }, header: { "Idempotency-Key": key } };
  const [note, live_from] = [told.note, told.at === "" ? null : new Date(told.at).toISOString()];
  if (kind === "review") return askWhole(api.POST("/v1/programs/{version}/review", { params, body: { note } }));
  if (kind === "rollback") return askWhole(api.POST("/v1/programs/{version}/rollback", { params, body: { note } }));
  if (kind === "retire") return askWhole(api.POST("/v1/programs/{version}/retire", { params, body: { note } }));
  if (kind === "publish") return askWhole(api.POST("/v1/programs/{version}/publish", { params, body: { note, live_from } }));
  return askWhole(api.POST("/v1/programs/{version}/pilot", { params, body: { note, live_from, on: pilotOn(told.whom) } }));
}

function When({ told, tell }: { told: Told; tell: (next: Told) => void }) {
  const [later, setLater] = useState(false);
  return (
    <Flex vertical gap={8} style={{ marginBottom: 12 }}>
      <Radio.Group
        value={later}
        onChange={(event) => {
          setLater(Boolean(event.target.value));
          tell({ ...told, at: "" });
        }}
        options={[
          { value: false, label: t("programme.now") },
          { value: true, label: t("programme.later") },
        ]}
      />
      {later && <Input type="datetime-local" aria-label={t("programme.later")} value={told.at} onChange={(event) => tell({ ...told, at: event.target.value })} />}
    </Flex>
  );
}

/** Asks once more, with what the step needs to know; says what came of it. */
function Taking({ kind, version, close }: { kind: Kind; version: string; close: () => void }) {
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [told, tell] = useState<Told>({ note: "", at: "", whom: ANYBODY });
  const [key] = useState(newKey);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isOpen = kind === "pilot" && !isSaid(told.whom);
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      const { status } = await take(kind, version, told, key);
      void message.open({ type: status === 202 ? "info" : "success", content: t(status === 202 ? "programme.waits" : `programme.done.${kind}`), duration: 6 });
      void queries.invalidateQueries();
      close();
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t(`programme.do.${kind}`)}
      okText={t(`programme.do.${kind}`)}
      okButtonProps={{ danger: kind === "rollback" || kind === "retire", disabled: isOpen }}
      confirmLoading={busy}
      onOk={() => void go()}
      onCancel={close}
    >
      {error !== null && <Failed error={error} again={go} busy={busy} />}
      <Typography.Paragraph>{t(`programme.about.${kind}`)}</Typography.Paragraph>
      {(kind === "publish" || kind === "pilot") && <When told={told} tell={tell} />}
      {kind === "pilot" && <OnWhom whom={told.whom} tell={(whom) => tell({ ...told, whom })} />}
      <label htmlFor="step-note">{t("programme.note")}</label>
      <Input.TextArea id="step-note" rows={2} maxLength={500} value={told.note} onChange={(event) => tell({ ...told, note: event.target.value })} />
    </Modal>
  );
}

export function Steps({ version }: { version: Version }) {
  useLanguage();
  const go = useNavigate();
  const [taking, setTaking] = useState<Kind | null>(null);
  const [copying, setCopying] = useState(false);
  const may = { review: useMay("program:review"), release: useMay("program:release") };
  const mayDraft = useMay("program:draft");
  const kinds = nextOf(version).filter((kind) => (kind === "review" ? may.review : may.release));
  return (
    <Flex gap={8} wrap>
      {mayDraft && <Button onClick={() => setCopying(true)}>{t("programme.copy")}</Button>}
      {mayDraft && <Button onClick={() => void go(`/simulations?version=${version.hash}`)}>{t("programme.simulate")}</Button>}
      {kinds.map((kind, place) => (
        <Button key={kind} type={place === 0 && kind !== "rollback" ? "primary" : "default"} danger={kind === "rollback" || kind === "retire"} onClick={() => setTaking(kind)}>
          {t(`programme.do.${kind}`)}
        </Button>
      ))}
      {taking !== null && <Taking kind={taking} version={version.hash} close={() => setTaking(null)} />}
      {copying && <BeginSketch base={version.hash} close={() => setCopying(false)} />}
    </Flex>
  );
}
