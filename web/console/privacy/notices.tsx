/** The words that members are shown when they choose: those in use, those before, and new ones in both languages. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex, Form, Input, Typography } from "antd";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { language, t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Sheet } from "../shell/sheet";
import { Dialog, needed, useWrite } from "../shell/write";

type Notice = Shapes["ConsentNotice"];
type Purpose = Notice["purpose"];
const PURPOSES: readonly Purpose[] = ["marketing", "personalisation", "profiling", "sharing", "sale", "receipts", "notices"];
const WORDS_MAX = 10_000;

/** All words of a purpose, the newest first. */
const versionsOf = (all: readonly Notice[], purpose: Purpose): readonly Notice[] =>
  all.filter((each) => each.purpose === purpose).sort((one, other) => other.version - one.version);

export function Notices() {
  const mayWrite = useMay("consents:write");
  const [looking, setLooking] = useState<Purpose | null>(null);
  const [writing, setWriting] = useState<Purpose | null>(null);
  const query = useQuery({ queryKey: ["consents", "notices"], queryFn: () => ask(api.GET("/v1/consents/notices", { params: { query: { history: true } } })) });
  return (
    <>
      <p>{t("privacy.notices.about")}</p>
      <Asked query={query}>
        {({ notices }) => (
          <>
            <Rows
              rows={PURPOSES.map((purpose) => ({ purpose, now: versionsOf(notices, purpose)[0] }))}
              label={t("privacy.notices")}
              idOf={(row) => row.purpose}
              empty={t("privacy.notices.none")}
              columns={[
                { key: "purpose", title: t("privacy.purpose"), show: (row) => t(`members.purpose.${row.purpose}`) },
                {
                  key: "words",
                  title: t("privacy.words"),
                  show: (row) =>
                    row.now === undefined ? (
                      <span className="quiet">{t("privacy.notices.unwritten")}</span>
                    ) : (
                      <Typography.Paragraph ellipsis={{ rows: 2 }} style={{ margin: 0, maxWidth: 520 }}>
                        <bdi>{language() === "en" ? row.now.en : row.now.zh}</bdi>
                      </Typography.Paragraph>
                    ),
                },
                { key: "version", title: t("privacy.version"), end: true, show: (row) => row.now?.version },
                { key: "at", title: t("privacy.published"), show: (row) => (row.now === undefined ? "" : dateTime(row.now.published_at)) },
                {
                  key: "do",
                  title: "",
                  show: (row) => (
                    <Flex gap={8} wrap>
                      {row.now !== undefined && (
                        <Button size="small" onClick={() => setLooking(row.purpose)}>
                          {t("privacy.notices.look")}
                        </Button>
                      )}
                      {mayWrite && (
                        <Button size="small" aria-label={t("privacy.notices.write.of", { purpose: t(`members.purpose.${row.purpose}`) })} onClick={() => setWriting(row.purpose)}>
                          {t("privacy.notices.write")}
                        </Button>
                      )}
                    </Flex>
                  ),
                },
              ]}
            />
            <Sheet open={looking !== null} close={() => setLooking(null)} title={looking === null ? "" : t(`members.purpose.${looking}`)}>
              {looking !== null && versionsOf(notices, looking).map((each) => <Version key={each.version} notice={each} />)}
            </Sheet>
            {writing !== null && <Publish purpose={writing} now={versionsOf(notices, writing)[0]} close={() => setWriting(null)} />}
          </>
        )}
      </Asked>
    </>
  );
}

function Version({ notice }: { notice: Notice }) {
  return (
    <Part title={t("privacy.version.of", { version: notice.version })}>
      <Typography.Paragraph type="secondary">{dateTime(notice.published_at)}</Typography.Paragraph>
      <Typography.Paragraph lang="en" style={{ whiteSpace: "pre-wrap" }}>
        <bdi>{notice.en}</bdi>
      </Typography.Paragraph>
      <Typography.Paragraph lang="zh-CN" style={{ whiteSpace: "pre-wrap" }}>
        <bdi>{notice.zh}</bdi>
      </Typography.Paragraph>
    </Part>
  );
}

function Publish({ purpose, now, close }: { purpose: Purpose; now: Notice | undefined; close: () => void }) {
  const [key] = useState(newKey);
  const write = useWrite(
    ({ en, zh }: { en: string; zh: string }) => ask(api.POST("/v1/consents/notices", { params: { header: { "Idempotency-Key": key } }, body: { purpose, en: en.trim(), zh: zh.trim() } })),
    { touches: [["consents", "notices"]], said: t("privacy.notices.published"), done: close },
  );
  return (
    <Dialog<{ en: string; zh: string }>
      open
      title={t("privacy.notices.write.of", { purpose: t(`members.purpose.${purpose}`) })}
      about={<Alert type="info" showIcon title={t("privacy.notices.stays")} />}
      close={close}
      write={write}
      go={t("privacy.notices.publish")}
      initialValues={{ en: now?.en, zh: now?.zh }}
    >
      <Form.Item name="zh" label={t("privacy.words.zh")} rules={[needed()]}>
        <Input.TextArea lang="zh-CN" autoSize={{ minRows: 3, maxRows: 10 }} maxLength={WORDS_MAX} />
      </Form.Item>
      <Form.Item name="en" label={t("privacy.words.en")} rules={[needed()]}>
        <Input.TextArea lang="en" autoSize={{ minRows: 3, maxRows: 10 }} maxLength={WORDS_MAX} />
      </Form.Item>
    </Dialog>
  );
}
