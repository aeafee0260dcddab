/** Challenges: stamps for what was done, and what is missing for the next goal. */
import { api, ask, newKey, type Shapes } from "../../client";
import { count, day } from "../../kit/format";
import { t } from "../../kit/words";
import { ledgerNow } from "../../kit/clock";
import { refresh, useLoaded } from "../frame/loaded";
import { choose, useNaming, type Naming } from "../frame/naming";
import { Block, Button, Empty, Failed, Told } from "../frame/parts";
import { useWriting } from "../frame/writing";

type Running = Shapes["Running"];
type Target = Shapes["Target"];
/** More than these are told as a number. */
const STAMPS_MAX = 12;
const loadChallenges = () => ask(api.GET("/v1/me/challenges"));

export function Challenges() {
  const challenges = useLoaded("challenges", loadChallenges);
  return (
    <Block title={t("member.challenges")}>
      <Told of={challenges}>
        {(told) =>
          told.challenges.length === 0 ? (
            <Empty>{t("member.challenges.none")}</Empty>
          ) : (
            <ul className="cards">
              {told.challenges.map((each) => (
                <Challenge key={each.challenge} of={each} />
              ))}
            </ul>
          )
        }
      </Told>
    </Block>
  );
}

function Challenge({ of: running }: { of: Running }) {
  const naming = useNaming();
  const next = running.goals.filter((each) => each.missing > 0).sort((one, other) => one.missing - other.missing)[0];
  return (
    <li className="card">
      <h3 dir="auto">{choose(running.title) || running.challenge}</h3>
      {next !== undefined && <Stamps filled={next.size - next.missing} size={next.size} unit={running.unit} naming={naming} />}
      <p>{next === undefined ? t("member.challenges.done") : t("member.challenges.missing", { what: measure(next.missing, running.unit, naming), gain: gains(next, running, naming) })}</p>
      {running.counted_until !== null && <p className="soft">{t("member.challenges.until", { at: day(running.counted_until) })}</p>}
      {running.opt_in && !running.is_in && <Join challenge={running.challenge} />}
    </li>
  );
}

const UNITS: Readonly<Record<string, string>> = {
  items: "member.unit.items",
  days: "member.unit.days",
  categories: "member.unit.categories",
  brands: "member.unit.brands",
  weeks: "member.unit.weeks",
  months: "member.unit.months",
};

function measure(value: number, unit: string, naming: Naming): string {
  if (unit === "minor") return naming.money(value);
  const key = UNITS[unit];
  return key === undefined ? t("member.unit.times", { count: value }) : t(key, { count: value });
}

function gains(goal: Target, running: Running, naming: Naming): string {
  const points = goal.points > 0 && running.currency !== null ? [naming.points(goal.points, running.currency)] : [];
  const grants = goal.grants.map((each) => t(each.kind === "badge" ? "member.gain.badge" : each.kind === "coupon" ? "member.gain.coupon" : "member.gain.other", { count: each.count }));
  return [...points, ...grants].join(t("member.list"));
}

function Stamps({ filled, size, unit, naming }: { filled: number; size: number; unit: string; naming: Naming }) {
  const text = t("member.stamps", { done: measure(filled, unit, naming), all: measure(size, unit, naming) });
  if (size > STAMPS_MAX)
    return (
      <div className="bar" role="img" aria-label={text}>
        <i style={{ width: `${(100 * filled) / size}%` }} />
      </div>
    );
  return (
    <ol className="stamps" role="img" aria-label={text}>
      {Array.from({ length: size }, (_, at) => (
        <li key={at} className={at < filled ? "filled" : ""} aria-hidden="true">
          {count(at + 1)}
        </li>
      ))}
    </ol>
  );
}

function Join({ challenge }: { challenge: string }) {
  const writing = useWriting();
  const join = () =>
    void writing.run(async () => {
      await ask(api.POST("/v1/me/challenges/join", { body: { challenge, id: newKey(), occurred_at: ledgerNow().toISOString() } }));
      refresh();
    });
  return (
    <>
      <Button kind="main" busy={writing.busy} onClick={join}>
        {t("member.challenges.join")}
      </Button>
      {writing.error !== undefined && <Failed error={writing.error} />}
    </>
  );
}
