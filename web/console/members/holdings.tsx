/** What a member holds: the way through the levels, and points by when they end. */
import { useQuery } from "@tanstack/react-query";
import { Progress, Typography } from "antd";
import { api, ask, type Shapes } from "../../client";
import { count, date, day } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Part } from "../shell/head";
import { inLanguage, useNames } from "../shell/names";
import { Listing } from "../shell/rows";
import { Mark } from "../shell/mark";
import { Inviting } from "./inviting";
import { kindOf } from "./statement";

type TierSet = Shapes["TierSet"];

export function Levels({ member }: { member: Shapes["MemberView"] }) {
  const query = useQuery({ queryKey: ["member", member.id, "tiers"], queryFn: () => ask(api.GET("/v1/members/{member}/tiers", { params: { path: { member: member.id } } })) });
  return (
    <Part title={t("members.levels")} extra={<Inviting member={member} sets={query.data?.sets ?? []} />}>
      <Asked query={query}>
        {(standing) =>
          standing.sets.length === 0 ? (
            <div className="rows rows-empty">{t("members.levels.none")}</div>
          ) : (
            <div className="pair">
              {standing.sets.map((each) => (
                <Ladder key={each.offer + each.trait} set={each} />
              ))}
            </div>
          )
        }
      </Asked>
    </Part>
  );
}

function Ladder({ set }: { set: TierSet }) {
  const names = useNames();
  const nameOf = (id: string | null) => inLanguage(set.levels.find((each) => each.id === id)?.name, id ?? t("members.level.none"));
  const [way] = set.missing;
  return (
    <div>
      <Typography.Paragraph style={{ marginBottom: 4 }}>
        <Mark tone="good">{nameOf(set.level)}</Mark>
        {set.kept_until !== null && t("members.level.until", { day: day(set.kept_until) })} {set.in_grace && <Mark>{t("members.level.grace")}</Mark>}
        {set.invited && <Mark>{t("members.level.invited")}</Mark>}
      </Typography.Paragraph>
      {set.next_level !== null &&
        way !== undefined &&
        Object.entries(way).map(([currency, missing]) => {
          const has = set.counted[currency] ?? 0;
          const percent = has + missing <= 0 ? 0 : Math.floor((100 * has) / (has + missing));
          return (
            <div key={currency}>
              <Progress percent={percent} aria-label={t("members.level.progress", { level: nameOf(set.next_level) })} format={() => count(has)} />
              <Typography.Text type="secondary">
                {t("members.level.missing", { missing: count(missing), currency: names.currency(currency), level: nameOf(set.next_level) })}
              </Typography.Text>
            </div>
          );
        })}
    </div>
  );
}

export function Lots({ member }: { member: string }) {
  const names = useNames();
  const list = usePages(["member", member, "lots"], async (cursor) => {
    const page = await ask(api.GET("/v1/members/{member}/lots", { params: { path: { member }, query: { limit: 20, ...(cursor && { cursor }) } } }));
    return { rows: page.lots, next: page.next };
  });
  return (
    <Part title={t("members.lots")}>
      <Listing
        list={list}
        label={t("members.lots")}
        idOf={(row) => `${row.currency} ${row.number}`}
        empty={t("members.lots.none")}
        columns={[
          { key: "currency", title: t("members.currency"), show: (row) => names.currency(row.currency) },
          { key: "remaining", title: t("members.lots.left"), end: true, show: (row) => `${count(row.remaining)} / ${count(row.amount)}` },
          { key: "ends", title: t("members.lots.ends"), show: (row) => (row.expires_at === null ? t("members.lots.endless") : date(row.expires_at)) },
          { key: "usable", title: t("members.lots.usable"), show: (row) => (row.usable ? t("console.yes") : t("members.lots.from", { day: date(row.usable_from) })) },
          { key: "offer", title: t("members.offer"), show: (row) => <bdi>{row.offer.startsWith("#") ? kindOf(row.offer.slice(1)) : names.offer(row.offer)}</bdi> },
          { key: "issued", title: t("members.lots.given"), show: (row) => date(row.issued_at) },
        ]}
      />
    </Part>
  );
}
