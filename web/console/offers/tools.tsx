/** What is done with a sketch as a whole: step back, check, compare, save, make a version of it, throw it away. */
import { CheckCircleOutlined, LineChartOutlined, SaveOutlined, UndoOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Drawer, Dropdown, Flex, Input, Modal, Typography } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, ask } from "../../client";
import { ago, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { Mark } from "../shell/mark";
import { Asked, Failed } from "../shell/asked";
import { useLang } from "../programme/asking";
import { Changes } from "../programme/changes";
import { asBody } from "../programme/document";
import { wrongOf, type useChecking } from "./checking";
import type { useSaving } from "./saving";
import type { Whole, Work } from "./work";

interface ToolsGiven {
  readonly whole: Whole;
  readonly work: Work;
  readonly saving: ReturnType<typeof useSaving>;
  readonly checking: ReturnType<typeof useChecking>;
  readonly isClosed: boolean;
  readonly discard: () => void;
  /** Saves first where there is something to save. */
  readonly simulate: () => void;
}

function Compared({ work, close }: { work: Work; close: () => void }) {
  const lang = useLang();
  const query = useQuery({
    queryKey: ["sketch-changes", work.now, work.text, lang],
    queryFn: () => {
      const after = work.text === null ? { document: asBody(work.now) } : { text: work.text };
      return ask(api.POST("/v1/programs/changes", { params: { query: { lang } }, body: { after, before: "live" } }));
    },
    retry: false,
  });
  return (
    <Drawer open onClose={close} size={560} title={t("offers.compare")}>
      <Asked query={query}>{(data) => <Changes changes={data.changes} />}</Asked>
    </Drawer>
  );
}

function Making({ whole, work, save, blame, close }: { whole: Whole; work: Work; save: () => Promise<number | null>; blame: (error: unknown) => void; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function make() {
    setBusy(true);
    setError(null);
    try {
      const page = work.isChanged ? await save() : work.page;
      if (page === null) {
        close();
        return;
      }
      const params = { path: { sketch: whole.sketch.id }, header: { "If-Match": `"${page}"` } };
      const made = await ask(api.POST("/v1/sketches/{sketch}/draft", { params, body: { note } }));
      void queries.invalidateQueries();
      void go(`/programme/versions/${made.hash}`);
    } catch (failed) {
      setError(failed);
      blame(failed);
      if (wrongOf(failed).length > 0) close();
    } finally {
      setBusy(false);
    }
  }
  return (
    <Modal open title={t("offers.make")} okText={t("offers.make")} confirmLoading={busy} onOk={() => void make()} onCancel={close}>
      {error !== null && <Failed error={error} />}
      <Typography.Paragraph>{t("offers.make.about")}</Typography.Paragraph>
      <label htmlFor="make-note">{t("programme.note")}</label>
      <Input.TextArea id="make-note" rows={2} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
    </Modal>
  );
}

function Discarding({ whole, work, close }: { whole: Whole; work: Work; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function discard() {
    setBusy(true);
    try {
      await ask(api.DELETE("/v1/sketches/{sketch}", { params: { path: { sketch: whole.sketch.id }, header: { "If-Match": `"${work.page}"` } } }));
      work.discard(whole);
      void queries.invalidateQueries({ queryKey: ["sketches"], exact: true });
      void go("/programme?tab=sketches");
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  }
  return (
    <Modal open title={t("offers.discard")} okText={t("offers.discard")} okButtonProps={{ danger: true }} confirmLoading={busy} onOk={() => void discard()} onCancel={close}>
      {error !== null && <Failed error={error} />}
      {t("offers.discard.about")}
    </Modal>
  );
}

function Saved({ whole, work }: { whole: Whole; work: Work }) {
  if (work.isChanged) return <Mark tone="warn">{t("offers.unsaved")}</Mark>;
  return (
    <Typography.Text type="secondary" title={dateTime(whole.sketch.changed_at)}>
      {work.page === whole.sketch.page ? t("offers.saved.by", { name: whole.sketch.changed_by, when: ago(whole.sketch.changed_at) }) : t("offers.saved")}
    </Typography.Text>
  );
}

type Doing = "compare" | "make" | "discard" | null;

export function Tools({ whole, work, saving, checking, isClosed, discard, simulate }: ToolsGiven) {
  const { message } = App.useApp();
  const [doing, setDoing] = useState<Doing>(null);
  const done = () => setDoing(null);
  const save = async () => {
    if ((await saving.save()) !== null) void message.success(t("offers.saved"));
  };
  const check = async () => {
    if (await checking.check()) void message.success(t("offers.right"));
  };
  const more = [
    { key: "revert", label: t("offers.revert"), disabled: !work.isChanged, onClick: discard },
    { key: "discard", label: t("offers.discard"), danger: true, onClick: () => setDoing("discard") },
  ];
  return (
    <Flex justify="space-between" align="start" wrap gap={12} style={{ margin: "8px 0 12px" }}>
      <div>
        <Typography.Title level={1} style={{ fontSize: 24, margin: 0 }}>
          <bdi>{whole.sketch.name}</bdi>
        </Typography.Title>
        <Saved whole={whole} work={work} />
      </div>
      <Flex gap={8} wrap>
        {!isClosed && (
          <Button icon={<UndoOutlined aria-hidden />} disabled={work.past.length === 0 || work.text !== null} onClick={work.undo}>
            {t("offers.undo")}
          </Button>
        )}
        <Button onClick={() => setDoing("compare")}>{t("offers.compare")}</Button>
        {!isClosed && (
          <>
            <Button icon={<CheckCircleOutlined aria-hidden />} loading={checking.busy} onClick={() => void check()}>
              {t("offers.check")}
            </Button>
            <Button type={work.isChanged ? "primary" : "default"} icon={<SaveOutlined aria-hidden />} loading={saving.busy} disabled={!work.isChanged} onClick={() => void save()}>
              {t("offers.save")}
            </Button>
            <Button icon={<LineChartOutlined aria-hidden />} loading={saving.busy} onClick={simulate}>
              {t("offers.simulate")}
            </Button>
            <Button type={work.isChanged ? "default" : "primary"} onClick={() => setDoing("make")}>
              {t("offers.make")}
            </Button>
            <Dropdown menu={{ items: more }} trigger={["click"]}>
              <Button aria-label={t("offers.more")}>{"…"}</Button>
            </Dropdown>
          </>
        )}
      </Flex>
      {doing === "compare" && <Compared work={work} close={done} />}
      {doing === "make" && <Making whole={whole} work={work} save={saving.save} blame={(error) => checking.blame(wrongOf(error))} close={done} />}
      {doing === "discard" && <Discarding whole={whole} work={work} close={done} />}
    </Flex>
  );
}
