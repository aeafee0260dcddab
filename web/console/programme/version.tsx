/** One version: what it changes, what it says, who did what with it, and what may be done with it now. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Flex, Select, Timeline, Typography } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { knows, t, useLanguage } from "../../kit/words";
import { Sides } from "../shell/sides";
import { Asked } from "../shell/asked";
import { useLang, useVersion, useVersions, useWords } from "./asking";
import { Changes } from "./changes";
import { OfferCards } from "./cards";
import { called, documentOf, offersOf } from "./document";
import { Steps } from "./steps";
import { nameOf, StateTag } from "./versions";

type Whole = Shapes["WholeView"];

function pilotOf(pilot: Shapes["Pilot"]): string {
  const said = [
    (pilot.stores ?? []).length > 0 && t("programme.pilot.stores", { stores: (pilot.stores ?? []).join(", ") }),
    pilot.permille != null && t("programme.pilot.share", { percent: String(pilot.permille / 10) }),
    pilot.trait != null && `${pilot.trait}: ${(pilot.values ?? []).map(String).join(", ")}`,
  ];
  return said.filter((each) => each !== false).join(" · ");
}

function History({ whole }: { whole: Whole }) {
  return (
    <Timeline
      items={whole.steps.map((step) => ({
        title: dateTime(step.at),
        content: (
          <>
            <strong>{knows(`programme.step.${step.step}`) ? t(`programme.step.${step.step}`) : step.step}</strong> · <bdi>{nameOf(step.by)}</bdi>
            {step.live_from != null && <div>{t("programme.from", { when: dateTime(step.live_from) })}</div>}
            {step.pilot != null && <div>{pilotOf(step.pilot)}</div>}
            {step.note !== "" && (
              <div>
                <bdi>{step.note}</bdi>
              </div>
            )}
          </>
        ),
      }))}
    />
  );
}

function Compared({ whole }: { whole: Whole }) {
  const lang = useLang();
  const version = whole.version.hash;
  const versions = useVersions();
  const [chosen, setAgainst] = useState<string | null>(null);
  const others = (versions.data?.versions ?? []).filter((each) => each.hash !== version);
  // What is live is no other than itself: it is laid beside the version before.
  const against = chosen ?? (whole.version.state === "live" ? others[0]?.hash : undefined) ?? "live";
  const query = useQuery({
    queryKey: ["program-changes", version, against, lang],
    queryFn: () => ask(api.GET("/v1/programs/{version}/changes", { params: { path: { version }, query: { against, lang } } })),
  });
  const names = new Map(offersOf(documentOf(whole.document)).map((each) => [each.id, called(each["name"], each.id)]));
  return (
    <>
      <Flex gap={8} align="center" wrap>
        <label htmlFor="against">{t("programme.against")}</label>
        <Select
          id="against"
          style={{ minWidth: 220 }}
          value={against}
          onChange={setAgainst}
          options={[
            { value: "live", label: t("programme.against.live") },
            ...others.map((each) => ({ value: each.hash, label: `${each.hash.slice(0, 8)} · ${dateTime(each.drafted.at)}` })),
          ]}
        />
      </Flex>
      <Asked query={query}>{(data) => <Changes changes={data.changes} names={names} />}</Asked>
    </>
  );
}

function Text({ whole }: { whole: Whole }) {
  return (
    <pre className="scrolling source" tabIndex={0} aria-label={t("programme.text")}>
      {whole.text ?? JSON.stringify(whole.document, null, 2)}
    </pre>
  );
}

export default function Version() {
  useLanguage();
  const { version = "live" } = useParams();
  const query = useVersion(version);
  const words = useWords(version);
  return (
    <>
      <Link to="/programme?tab=versions">{t("programme.versions")}</Link>
      <Asked query={query}>
        {(whole) => (
          <>
            <Flex justify="space-between" align="start" wrap gap={12} style={{ margin: "8px 0" }}>
              <div>
                <Typography.Title level={1} style={{ fontSize: 24, margin: 0 }}>
                  {t("programme.version")} <code>{whole.version.hash.slice(0, 8)}</code> <StateTag state={whole.version.state} />
                </Typography.Title>
                {whole.version.live_from !== null && (
                  <Typography.Text type="secondary" style={{ display: "block", marginTop: 4 }}>{t("programme.from", { when: dateTime(whole.version.live_from) })}</Typography.Text>
                )}
              </div>
              <Steps version={whole.version} />
            </Flex>
            {whole.version.pilot !== null && <Alert type="info" showIcon title={pilotOf(whole.version.pilot)} style={{ marginBottom: 12 }} />}
            <Sides
              sides={[
                { key: "changes", label: t("programme.changes"), children: <Compared whole={whole} /> },
                { key: "offers", label: t("programme.offers"), children: <OfferCards document={documentOf(whole.document)} words={words.data?.offers} /> },
                { key: "history", label: t("programme.history"), children: <History whole={whole} /> },
                { key: "text", label: t("programme.text"), children: <Text whole={whole} /> },
              ]}
            />
          </>
        )}
      </Asked>
    </>
  );
}
