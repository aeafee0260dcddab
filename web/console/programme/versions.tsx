/** Every version there was, the newest first, with where each stands. */
import { Alert, Typography } from "antd";
import { Link } from "react-router";
import type { Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { knows, t, useLanguage } from "../../kit/words";
import { Mark, type Tone } from "../shell/mark";
import { Rows } from "../shell/rows";
import { Asked } from "../shell/asked";
import { useVersions } from "./asking";

type Version = Shapes["VersionView"];
const TONES: Readonly<Record<string, Tone>> = { live: "good", pilot: "good", scheduled: "good", draft: "warn", simulated: "warn", reviewed: "warn" };

export function StateTag({ state }: { state: string }) {
  const key = `programme.state.${state}`;
  return <Mark tone={TONES[state] ?? "plain"}>{knows(key) ? t(key) : state}</Mark>;
}

export function Versions() {
  useLanguage();
  const query = useVersions();
  return (
    <Asked query={query}>
      {({ versions, policy }) => (
        <>
          {(policy.review || policy.simulation) && <Alert type="info" showIcon style={{ marginBottom: 16 }} title={wanted(policy)} />}
          <Rows<Version>
            rows={versions}
            label={t("programme.versions")}
            empty={t("programme.versions.none")}
            idOf={(each) => each.hash}
            columns={[
              { key: "version", title: t("programme.version"), show: (each) => <Link to={`/programme/versions/${each.hash}`}>{each.hash.slice(0, 8)}</Link> },
              { key: "state", title: t("programme.state"), show: (each) => <StateTag state={each.state} /> },
              { key: "drafted", title: t("programme.drafted"), show: (each) => <By done={each.drafted} /> },
              { key: "reviewed", title: t("programme.reviewed"), show: (each) => (each.reviewed === null ? null : <By done={each.reviewed} />) },
              { key: "from", title: t("programme.live.from"), show: (each) => (each.live_from === null ? null : dateTime(each.live_from)) },
            ]}
          />
        </>
      )}
    </Asked>
  );
}

function wanted(policy: Shapes["PolicyView"]): string {
  if (policy.review && policy.simulation) return t("programme.policy.both");
  return t(policy.review ? "programme.policy.review" : "programme.policy.simulation");
}

/** Names of sessions come with a mark that tells two of one name apart: nobody reads it. */
export const nameOf = (by: string): string => by.replace(/ \([^()]*\)$/, "");

function By({ done }: { done: Shapes["Done"] }) {
  return (
    <>
      <bdi>{nameOf(done.by)}</bdi>
      <br />
      <Typography.Text type="secondary">{dateTime(done.at)}</Typography.Text>
    </>
  );
}
