/** A sketch on the desk: its tools, its offers, its text. */
import { Alert, Button, Modal, Tabs, Typography } from "antd";
import { useEffect, useState } from "react";
import { useBlocker, useNavigate } from "react-router";
import { api, ask } from "../../client";
import { ago } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { useMay } from "../shell/session";
import { Failed } from "../shell/asked";
import { documentOf, within } from "../programme/document";
import { Basics } from "./basics";
import { useChecking, type Wrong } from "./checking";
import { Conflict } from "./conflict";
import { Offers } from "./offers";
import { useSaving } from "./saving";
import { TextClash, TextView } from "./text";
import { Tools } from "./tools";
import { useWork, type Whole, type Work } from "./work";

/** Nobody leaves what is not saved by accident, though it is kept on this device either way. */
function Leaving({ work, save }: { work: Work; save: () => Promise<number | null> }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => work.isChanged && currentLocation.pathname !== nextLocation.pathname);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!work.isChanged) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [work.isChanged]);
  if (blocker.state !== "blocked") return null;
  const saveFirst = async () => {
    setBusy(true);
    const saved = await save();
    setBusy(false);
    if (saved === null) blocker.reset();
    else blocker.proceed();
  };
  const buttons = [
    <Button key="stay" onClick={() => blocker.reset()}>
      {t("offers.leave.stay")}
    </Button>,
    <Button key="leave" onClick={() => blocker.proceed()}>
      {t("offers.leave.go")}
    </Button>,
    <Button key="save" type="primary" loading={busy} onClick={() => void saveFirst()}>
      {t("offers.leave.save")}
    </Button>,
  ];
  return (
    <Modal open title={t("offers.leave.title")} footer={buttons} onCancel={() => blocker.reset()}>
      {t("offers.leave.about")}
    </Modal>
  );
}

function Restored({ work, whole }: { work: Work; whole: Whole }) {
  if (!work.restored) return null;
  const older = work.page !== whole.sketch.page;
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 12 }}
      title={t(older ? "offers.restored.older" : "offers.restored", { name: whole.sketch.changed_by, when: ago(whole.sketch.changed_at) })}
      action={
        <Button size="small" onClick={() => work.discard(whole)}>
          {t("offers.restored.discard")}
        </Button>
      }
    />
  );
}

function Problems({ wrong, open }: { wrong: readonly Wrong[]; open: (path: string) => void }) {
  if (wrong.length === 0) return null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      style={{ marginBottom: 12 }}
      title={t("offers.wrong", { count: wrong.length })}
      description={
        <ul className="clauses">
          {wrong.map((each) => (
            <li key={each.path + each.message}>
              {each.path !== "" && (
                <Button type="link" size="small" style={{ padding: 0, height: "auto", whiteSpace: "normal" }} onClick={() => open(each.path)}>
                  <code>{each.path}</code>
                </Button>
              )}{" "}
              <bdi>{each.message}</bdi>
              {each.line > 0 && ` (${t("offers.line", { line: each.line })})`}
            </li>
          ))}
        </ul>
      }
    />
  );
}

/** Settings that have a form beside those of offers. */
const BASICS = /^(currencies|catalog|calendars|activities|name|program|time_zone)\b/;

/** Reads what others saved last, so that throwing one's own away leads there. */
async function readAgain(sketch: string): Promise<Whole> {
  return ask(api.GET("/v1/sketches/{sketch}", { params: { path: { sketch } } }));
}

/** What is simulated is what was saved, for a sketch is read again there. */
function useSimulating(whole: Whole, work: Work, save: () => Promise<number | null>): () => void {
  const go = useNavigate();
  const [isLeaving, setLeaving] = useState(false);
  // Not before the page knows that all is saved: it would ask whether to leave. So this is the desk's, whose effects come last.
  useEffect(() => {
    if (isLeaving && !work.isChanged) void go(`/simulations?sketch=${whole.sketch.id}`);
  }, [isLeaving, work.isChanged, go, whole.sketch.id]);
  const start = async () => {
    if (!work.isChanged || (await save()) !== null) setLeaving(true);
  };
  return () => void start();
}

export function Desk({ whole }: { whole: Whole }) {
  useLanguage();
  const mayDraft = useMay("program:draft");
  const work = useWork(whole);
  const saving = useSaving(whole.sketch.id, work);
  const checking = useChecking(work);
  const simulate = useSimulating(whole, work, saving.save);
  const [view, setView] = useState<string>(whole.document === null ? "text" : "offers");
  const [place, setPlace] = useState<number | null>(null);
  const open = (path: string) => {
    const found = /^offers\[(\d+)\]/.exec(path);
    setView(found !== null ? "offers" : BASICS.test(path) ? "basics" : "text");
    setPlace(found === null ? null : Number(found[1]));
  };
  const { clash } = saving;
  return (
    <>
      <Tools whole={whole} work={work} saving={saving} checking={checking} isClosed={!mayDraft} discard={() => void readAgain(whole.sketch.id).then(work.discard)} simulate={simulate} />
      <Restored work={work} whole={whole} />
      {saving.error !== null && <Failed error={saving.error} again={saving.save} busy={saving.busy} />}
      {checking.error !== null && <Failed error={checking.error} again={checking.check} busy={checking.busy} />}
      {checking.checked !== null && <Problems wrong={checking.checked.wrong} open={open} />}
      <Tabs
        activeKey={view}
        onChange={setView}
        items={[
          {
            key: "offers",
            label: t("programme.offers"),
            children:
              work.text !== null ? (
                <Alert type="info" showIcon title={t("offers.text.first")} />
              ) : (
                <Offers work={work} checking={checking} document={documentOf(work.now)} place={place} setPlace={setPlace} isClosed={!mayDraft} />
              ),
          },
          {
            key: "basics",
            label: t("offers.basics"),
            children: work.text !== null ? <Alert type="info" showIcon title={t("offers.text.first")} /> : <Basics work={work} checking={checking} document={documentOf(work.now)} isClosed={!mayDraft} />,
          },
          { key: "text", label: t("offers.text"), children: <TextView whole={whole} work={work} isClosed={!mayDraft} wrong={checking.checked?.wrong ?? []} /> },
        ]}
      />
      {clash !== null && work.text === null && (
        <Conflict
          by={clash.by}
          base={clash.base}
          mine={work.now}
          theirs={within(clash.theirs.document)}
          busy={saving.busy}
          error={saving.error}
          save={(joined) => void saving.saveJoined(joined)}
          close={saving.close}
        />
      )}
      {clash !== null && work.text !== null && <TextClash by={clash.by} theirs={clash.theirs.text} busy={saving.busy} save={() => void saving.saveOver()} close={saving.close} />}
      <Leaving work={work} save={saving.save} />
      <Typography.Text className="unseen" aria-live="polite">
        {work.isChanged ? t("offers.unsaved") : ""}
      </Typography.Text>
    </>
  );
}
