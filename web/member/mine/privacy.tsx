/** What I allow, what is kept of me, and the end of it. */
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { date } from "../../kit/format";
import { language, t } from "../../kit/words";
import { refresh, useLoaded } from "../frame/loaded";
import { Block, Button, Empty, Failed, Screen, Told } from "../frame/parts";
import { usePresent } from "../frame/present";
import { useWriting } from "../frame/writing";
import { Erase } from "./erase";

type Standing = Shapes["ConsentStanding"];
type Consents = Shapes["MyConsents"];
const loadConsents = () => ask(api.GET("/v1/me/consents"));

export default function Privacy() {
  const consents = useLoaded("consents", loadConsents);
  return (
    <Screen title={t("member.privacy")} back="/mine">
      <Block title={t("member.consents")}>
        <p className="soft">{t("member.consents.about")}</p>
        <Told of={consents}>{(told) => <Purposes told={told} />}</Told>
      </Block>
      <Download />
      <Erase />
    </Screen>
  );
}

const PURPOSES = {
  receipts: "member.purpose.receipts",
  notices: "member.purpose.notices",
  marketing: "member.purpose.marketing",
  personalisation: "member.purpose.personalisation",
  profiling: "member.purpose.profiling",
  sharing: "member.purpose.sharing",
  sale: "member.purpose.sale",
} as const satisfies Record<Standing["purpose"], string>;
const CHANNELS = {
  any: "member.channel.any",
  email: "member.channel.email",
  inbox: "member.channel.inbox",
  push: "member.channel.push",
  sms: "member.channel.sms",
  wechat: "member.channel.wechat",
} as const satisfies Record<Standing["channel"], string>;

function Purposes({ told }: { told: Consents }) {
  const purposes = [...new Set(told.standings.map((each) => each.purpose))];
  if (purposes.length === 0) return <Empty>{t("member.consents.none")}</Empty>;
  return (
    <>
      {purposes.map((purpose) => {
        const notice = told.notices.find((each) => each.purpose === purpose);
        return (
          <fieldset key={purpose}>
            <legend>{t(PURPOSES[purpose])}</legend>
            {notice !== undefined && (
              <p className="soft" dir="auto">
                {language() === "en" ? notice.en : notice.zh}
              </p>
            )}
            <Choices standings={told.standings.filter((each) => each.purpose === purpose)} version={notice?.version ?? 0} />
          </fieldset>
        );
      })}
    </>
  );
}

/** One switch for all, and those for each way behind it. */
function Choices({ standings, version }: { standings: readonly Standing[]; version: number }) {
  const whole = standings.filter((each) => each.channel === "any");
  const ways = standings.filter((each) => each.channel !== "any");
  const show = (each: Standing) => <Choice key={each.channel} standing={each} version={version} />;
  return (
    <>
      {whole.map(show)}
      {ways.length > 0 && (
        <details>
          <summary>{t("member.consents.ways")}</summary>
          {ways.map(show)}
        </details>
      )}
    </>
  );
}

function Choice({ standing, version }: { standing: Standing; version: number }) {
  const writing = useWriting();
  const { purpose, channel, is_allowed } = standing;
  const turn = () =>
    void writing.run(async () => {
      await ask(api.PUT("/v1/me/consents", { body: { choices: [{ purpose, channel, is_given: !is_allowed, version, language: language() }] } }));
      refresh("consents");
    });
  return (
    <>
      <label className="check">
        <input type="checkbox" role="switch" checked={is_allowed} disabled={writing.busy} onChange={turn} />
        <span>
          {t(CHANNELS[channel])}
          {standing.since !== null && <small className="soft"> {t("member.consents.since", { at: date(standing.since) })}</small>}
        </span>
      </label>
      {writing.error !== undefined && <Failed error={writing.error} />}
    </>
  );
}

/** Hands a file to the browser, which asks where to put it. */
function save(name: string, text: string, kind: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Download() {
  const present = usePresent();
  const [done, setDone] = useState(false);
  const asJson = () =>
    present.run(async () => {
      save("my-membership.json", JSON.stringify(await ask(api.GET("/v1/me/file")), null, 2), "application/json");
      setDone(true);
    });
  const asCsv = () =>
    present.run(async () => {
      save("my-membership.csv", await ask(api.GET("/v1/me/file.csv", { parseAs: "text" })), "text/csv");
      setDone(true);
    });
  return (
    <Block title={t("member.file")}>
      <p>{t("member.file.about")}</p>
      <div className="pair">
        <Button busy={present.busy} onClick={asJson}>
          {t("member.file.json")}
        </Button>
        <Button busy={present.busy} onClick={asCsv}>
          {t("member.file.csv")}
        </Button>
      </div>
      {done && <p role="status">{t("member.file.done")}</p>}
      {present.error !== undefined && <Failed error={present.error} />}
      {present.sheet}
    </Block>
  );
}
