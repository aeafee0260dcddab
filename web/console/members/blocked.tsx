/** What keeps a member from using points, in words, above everything else that is told of them. */
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { t } from "../../kit/words";

type Stop = Shapes["Stop"];

function sayWhy(stop: Stop): string {
  if (stop.cause === "cooling") return t("members.blocked.cooling", { until: stop.until === null ? "" : dateTime(stop.until) });
  return stop.member === null ? t("members.blocked.all", { reason: stop.reason }) : t("members.blocked.one", { reason: stop.reason });
}

export function Blocked({ member }: { member: string }) {
  const { data } = useQuery({ queryKey: ["member", member, "burning"], queryFn: () => ask(api.GET("/v1/members/{member}/burning", { params: { path: { member } } })) });
  if (data === undefined || data.burning === "on") return null;
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t("members.blocked")}
      description={data.stops.map((each) => (
        <div key={each.id} dir="auto">
          {sayWhy(each)}
        </div>
      ))}
    />
  );
}
