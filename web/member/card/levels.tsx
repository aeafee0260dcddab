/** Where one stands among the levels: a ring, and the same in words. */
import { api, ask, type Shapes } from "../../client";
import { date } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { choose, useNaming, type Naming } from "../frame/naming";
import { Block, Told } from "../frame/parts";

type Standing = Shapes["TierSet"];
type Rung = Shapes["Rung"];
const loadLevels = () => ask(api.GET("/v1/me/tiers"));

export function Levels() {
  const levels = useLoaded("tiers", loadLevels);
  return <Told of={levels}>{(told) => told.sets.map((each) => <Level key={each.trait} set={each} />)}</Told>;
}

function Level({ set }: { set: Standing }) {
  const naming = useNaming();
  const name = (id: string | null): string => choose(set.levels.find((each) => each.id === id)?.name) || (id ?? "");
  const next = set.levels.find((each) => each.id === set.next_level);
  const { share, missing } = next === undefined ? { share: 1, missing: [] } : measure(set, next, naming);
  const words = next === undefined ? t("member.level.top") : missing.length === 0 ? t("member.level.next", { level: name(next.id) }) : t("member.level.missing", { what: missing.join(t("member.level.or")), level: name(next.id) });
  return (
    <Block title={t("member.level")}>
      <div className="level">
        <Ring share={share} text={words} />
        <div>
          <p className="levelname">{name(set.level)}</p>
          <p>{words}</p>
          {set.kept_until !== null && <p className="soft">{t("member.level.kept", { at: date(set.kept_until) })}</p>}
        </div>
      </div>
      {set.benefits.length > 0 && (
        <ul className="chips">
          {set.benefits.map((each) => (
            <li key={each.id}>{choose(each.name)}</li>
          ))}
        </ul>
      )}
      <Ladder set={set} naming={naming} />
    </Block>
  );
}

/** How far it is along the way that is nearest, and what is missing along each. */
function measure(set: Standing, next: Rung, naming: Naming): { share: number; missing: string[] } {
  const shares = next.needs.map((need, way) => {
    const parts = Object.entries(need).map(([measured, needed]) => 1 - (set.missing[way]?.[measured] ?? 0) / Math.max(needed, 1));
    return Math.min(1, ...parts);
  });
  const missing = set.missing.map((way) =>
    Object.entries(way)
      .filter(([, left]) => left > 0)
      .map(([measured, left]) => naming.points(left, measured))
      .join(t("member.level.and")),
  );
  return { share: Math.max(0, ...shares), missing: missing.filter((each) => each !== "") };
}

const AROUND = 2 * Math.PI * 42;
function Ring({ share, text }: { share: number; text: string }) {
  return (
    <svg className="ring" viewBox="0 0 100 100" role="img" aria-label={text}>
      <circle cx="50" cy="50" r="42" className="track" />
      <circle cx="50" cy="50" r="42" className="arc" strokeDasharray={`${share * AROUND} ${AROUND}`} transform="rotate(-90 50 50)" />
      <text x="50" y="57" textAnchor="middle">
        {new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(Math.floor(share * 100) / 100)}
      </text>
    </svg>
  );
}

function Ladder({ set, naming }: { set: Standing; naming: Naming }) {
  return (
    <ol className="ladder">
      {set.levels.map((each) => (
        <li key={each.id} aria-current={each.id === set.level ? "step" : undefined}>
          <b>{choose(each.name) || each.id}</b>
          <span>{each.invitation ? t("member.level.invited") : each.needs.map((need) => Object.entries(need).map(([measured, needed]) => naming.points(needed, measured)).join(t("member.level.and"))).join(t("member.level.or"))}</span>
        </li>
      ))}
    </ol>
  );
}
