/** What a member has besides points: coupons, codes, rewards ordered, challenges, badges, what is set aside. */
import { useQuery } from "@tanstack/react-query";
import { Progress } from "antd";
import { api, ask, type Shapes } from "../../client";
import { count, day } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { inLanguage } from "../shell/names";
import { Rows } from "../shell/rows";
import { Coupons } from "./coupons";
import { Holds } from "./holds";
import { Orders } from "./orders";

export function Wallet({ member }: { member: Shapes["MemberView"] }) {
  return (
    <>
      <Coupons member={member} />
      <Orders member={member} />
      <Holds member={member.id} />
      <Challenges member={member.id} />
      <Badges member={member.id} />
    </>
  );
}

function Challenges({ member }: { member: string }) {
  const query = useQuery({ queryKey: ["member", member, "challenges"], queryFn: () => ask(api.GET("/v1/members/{member}/challenges", { params: { path: { member } } })) });
  return (
    <Part title={t("members.challenges")}>
      <Asked query={query}>
        {(told) => (
          <Rows
            rows={told.challenges}
            label={t("members.challenges")}
            idOf={(row) => row.challenge}
            empty={t("members.challenges.none")}
            columns={[
              { key: "title", title: t("members.challenge"), show: (row) => <bdi>{inLanguage(row.title, row.challenge)}</bdi> },
              {
                key: "counted",
                title: t("members.challenge.reached"),
                show: (row) => {
                  const size = row.goals[0]?.size ?? 0;
                  const percent = size > 0 ? Math.min(100, Math.floor((100 * row.counted) / size)) : 0;
                  return <Progress percent={percent} size="small" style={{ minWidth: 140 }} aria-label={inLanguage(row.title, row.challenge)} format={() => `${count(row.counted)} / ${count(size)}`} />;
                },
              },
              { key: "until", title: t("members.until"), show: (row) => (row.counted_until === null ? "" : day(row.counted_until)) },
            ]}
          />
        )}
      </Asked>
    </Part>
  );
}

function Badges({ member }: { member: string }) {
  const query = useQuery({ queryKey: ["member", member, "badges"], queryFn: () => ask(api.GET("/v1/members/{member}/badges", { params: { path: { member } } })) });
  return (
    <Part title={t("members.badges")}>
      <Asked query={query}>
        {(told) => (
          <Rows
            rows={told.badges}
            label={t("members.badges")}
            idOf={(row) => row.badge}
            empty={t("members.badges.none")}
            columns={[
              { key: "title", title: t("members.badge"), show: (row) => <bdi>{inLanguage(row.title, row.badge)}</bdi> },
              { key: "since", title: t("members.badge.since"), show: (row) => (row.since === null ? t("members.badge.missing") : day(row.since)) },
            ]}
          />
        )}
      </Asked>
    </Part>
  );
}
