/** The whole programme as text, for those who like it better; comments are kept only here. */
import { Alert, Button, Flex, Input, Modal } from "antd";
import { t, useLanguage } from "../../kit/words";
import type { Wrong } from "./checking";
import { same } from "./merge";
import { within } from "../programme/document";
import type { Whole, Work } from "./work";

/** The text as it was written where nothing changed since; else what the forms make of it. */
function textIn(whole: Whole, work: Work): string {
  if (work.text !== null) return work.text;
  if (work.page === whole.sketch.page && same(work.now, within(whole.document))) return whole.text;
  return JSON.stringify(work.now, null, 2);
}

export function TextView({ whole, work, isClosed, wrong }: { whole: Whole; work: Work; isClosed: boolean; wrong: readonly Wrong[] }) {
  useLanguage();
  const lines = wrong.filter((each) => each.line > 0);
  return (
    <Flex vertical gap={8}>
      <Alert
        type="info"
        title={t("offers.text.about")}
        action={
          work.text !== null && (
            <Button size="small" onClick={() => work.write(null)}>
              {t("offers.text.back")}
            </Button>
          )
        }
      />
      {lines.map((each) => (
        <Alert key={each.path + each.message} type="error" title={`${t("offers.line", { line: each.line })}: ${each.message}`} />
      ))}
      <Input.TextArea
        className="code"
        aria-label={t("offers.text")}
        spellCheck={false}
        wrap="off"
        autoSize={{ minRows: 16, maxRows: 40 }}
        readOnly={isClosed}
        value={textIn(whole, work)}
        onChange={(event) => work.write(event.target.value)}
      />
    </Flex>
  );
}

interface ClashGiven {
  readonly by: string;
  readonly theirs: string;
  readonly busy: boolean;
  readonly save: () => void;
  readonly close: () => void;
}

export function TextClash({ by, theirs, busy, save, close }: ClashGiven) {
  useLanguage();
  return (
    <Modal open width={720} title={t("offers.merge.title", { name: by })} okText={t("offers.text.over")} okButtonProps={{ danger: true }} cancelText={t("offers.text.keep")} confirmLoading={busy} onOk={save} onCancel={close}>
      <Alert type="warning" showIcon title={t("offers.text.clash", { name: by })} style={{ marginBottom: 12 }} />
      <Input.TextArea className="code" readOnly aria-label={t("offers.text.theirs", { name: by })} autoSize={{ minRows: 8, maxRows: 20 }} value={theirs} />
    </Modal>
  );
}
