/** What each round of clearing did: sorts of data that were kept long enough, and members who never came back. */
import { Button } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Mark, type Tone } from "../shell/mark";
import { Facts, Listing, Rows } from "../shell/rows";
import { Sheet } from "../shell/sheet";
import { nameOfPeriod } from "./naming";

type Round = Shapes["RoundView"];
type Outcome = Shapes["RoundLine"]["outcome"];
const TONES: Record<Outcome, Tone> = { cleared: "good", kept: "plain", needs_owner: "warn" };
const clearedIn = ({ round }: Round): number => round.lines.reduce((sum, each) => sum + each.cleared, 0);

export function Rounds() {
  const [open, setOpen] = useState<Round | null>(null);
  const list = usePages(["privacy", "rounds"], async (cursor) => {
    const page = await ask(api.GET("/v1/privacy/rounds", { params: { query: { limit: 30, ...(cursor && { cursor }) } } }));
    return { rows: page.rounds, next: page.next };
  });
  return (
    <>
      <p>{t("privacy.rounds.about")}</p>
      <Listing
        list={list}
        label={t("privacy.rounds")}
        idOf={(row) => String(row.number)}
        empty={t("privacy.rounds.none")}
        columns={[
          { key: "at", title: t("privacy.at"), show: (row) => dateTime(row.round.at) },
          { key: "cleared", title: t("privacy.round.cleared"), end: true, show: (row) => count(clearedIn(row)) },
          { key: "warned", title: t("privacy.round.warned"), end: true, show: (row) => count(row.round.warned) },
          { key: "returned", title: t("privacy.round.returned"), end: true, show: (row) => count(row.round.returned) },
          { key: "erased", title: t("privacy.round.erased"), end: true, show: (row) => count(row.round.erased) },
          { key: "spared", title: t("privacy.round.spared"), end: true, show: (row) => count(row.round.spared) },
          {
            key: "owner",
            title: "",
            show: (row) => row.round.lines.some((each) => each.outcome === "needs_owner") && <Mark tone="warn">{t("privacy.outcome.needs_owner")}</Mark>,
          },
          {
            key: "look",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setOpen(row)}>
                {t("privacy.notices.look")}
              </Button>
            ),
          },
        ]}
      />
      <Sheet open={open !== null} close={() => setOpen(null)} title={open === null ? "" : t("privacy.round.of", { at: dateTime(open.round.at) })}>
        {open !== null && <Lines round={open.round} />}
      </Sheet>
    </>
  );
}

function Lines({ round }: { round: Shapes["Round"] }) {
  return (
    <>
      <Facts
        facts={[
          [t("privacy.round.warned"), count(round.warned)],
          [t("privacy.round.returned"), count(round.returned)],
          [t("privacy.round.erased"), count(round.erased)],
          [t("privacy.round.spared"), count(round.spared)],
        ]}
      />
      <p className="quiet">{t("privacy.round.spared.about")}</p>
      <Rows
        rows={round.lines}
        label={t("privacy.round.lines")}
        idOf={(row) => row.name}
        empty={t("privacy.periods.none")}
        columns={[
          { key: "what", title: t("privacy.what"), show: (row) => <bdi>{nameOfPeriod(row.name)}</bdi> },
          { key: "days", title: t("privacy.days"), end: true, show: (row) => (row.days === 0 ? t("privacy.ever") : count(row.days)) },
          { key: "cleared", title: t("privacy.round.cleared"), end: true, show: (row) => count(row.cleared) },
          { key: "outcome", title: t("privacy.state"), show: (row) => <Mark tone={TONES[row.outcome]}>{t(`privacy.outcome.${row.outcome}`)}</Mark> },
        ]}
      />
    </>
  );
}
