/** The programme: what is live, what is being worked on, and every version there was. */
import { EditOutlined, ExperimentOutlined, FileTextOutlined } from "@ant-design/icons";
import { Button, Empty, Flex, Typography } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Problem } from "../../client";
import { ago, dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Mark } from "../shell/mark";
import { useMay } from "../shell/session";
import { Sides } from "../shell/sides";
import { Asked } from "../shell/asked";
import { useLang, useLive, useWords } from "./asking";
import { BeginSketch } from "./begin";
import { OfferCards } from "./cards";
import { called, documentOf, within } from "./document";
import { Holdings } from "./holdings";
import { Sketches } from "./sketches";
import { Versions } from "./versions";

function NoneLive() {
  return <Empty description={t("programme.none")} />;
}

function Live() {
  const live = useLive();
  const words = useWords("live");
  if (live.error instanceof Problem && live.error.status === 404) return <NoneLive />;
  return <Asked query={live}>{(data) => <OfferCards document={documentOf(data.document)} words={words.data?.offers} />}</Asked>;
}

function Head({ begin }: { begin: () => void }) {
  const live = useLive();
  const lang = useLang();
  const go = useNavigate();
  const mayDraft = useMay("program:draft");
  const mayTry = useMay("activities:preview");
  const name = live.data ? called(within(live.data.document)["name"], t("programme.title")) : t("programme.title");
  return (
    <Flex justify="space-between" align="start" wrap gap={12} style={{ marginBottom: 8 }}>
      <div>
        <Typography.Title level={1} style={{ fontSize: 26, margin: 0 }}>
          <bdi>{name}</bdi>
        </Typography.Title>
        {live.data && (
          <Typography.Text type="secondary" style={{ display: "block", marginTop: 6 }}>
            <Mark tone="good">{t("programme.state.live")}</Mark>{" "}
            <span title={dateTime(live.data.live_from)}>{t("programme.live.since", { when: ago(live.data.live_from) })}</span>
            {" · "}
            <Typography.Text code>{live.data.hash.slice(0, 8)}</Typography.Text>
          </Typography.Text>
        )}
      </div>
      <Flex gap={8} wrap>
        {live.data && (
          <Button icon={<FileTextOutlined aria-hidden />} href={`/v1/program/terms?lang=${lang}&form=html`} target="_blank" rel="noreferrer">
            {t("programme.terms")}
          </Button>
        )}
        {mayTry && (
          <Button icon={<ExperimentOutlined aria-hidden />} onClick={() => void go("/programme/try")}>
            {t("programme.try")}
          </Button>
        )}
        {mayDraft && (
          <Button type="primary" icon={<EditOutlined aria-hidden />} onClick={begin}>
            {t("programme.change")}
          </Button>
        )}
      </Flex>
    </Flex>
  );
}

export default function Home() {
  useLanguage();
  const [begun, setBegun] = useState(false);
  return (
    <>
      <Head begin={() => setBegun(true)} />
      <Sides
        sides={[
          { key: "offers", label: t("programme.offers"), children: <Live /> },
          { key: "points", label: t("programme.points"), children: <Holdings /> },
          { key: "sketches", label: t("programme.sketches"), children: <Sketches begin={() => setBegun(true)} /> },
          { key: "versions", label: t("programme.versions"), children: <Versions /> },
        ]}
      />
      {begun && <BeginSketch base="live" close={() => setBegun(false)} />}
    </>
  );
}
