/** What waits for whoever is signed in: approvals, differences, doubts, webhooks that fail. */
import { useQuery } from "@tanstack/react-query";
import { Card } from "antd";
import dayjs from "dayjs";
import { Link } from "react-router";
import { api, ask } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { t } from "../../kit/words";
import { Part } from "../shell/head";
import { useMay } from "../shell/session";

const MANY = 50;

interface Item {
  readonly key: string;
  readonly to: string;
  readonly scope: string;
  readonly read: () => Promise<number>;
}

const ITEMS: readonly Item[] = [
  {
    key: "approvals",
    to: "/approvals",
    scope: "approvals:read",
    read: async () => (await ask(api.GET("/v1/approvals", { params: { query: { state: "waiting", limit: MANY } } }))).approvals.length,
  },
  {
    key: "differences",
    to: "/reconciliation",
    scope: "reconciliation:read",
    read: async () => {
      const query = { first: dayjs(ledgerNow()).subtract(30, "day").format("YYYY-MM-DD"), last: dayjs(ledgerNow()).format("YYYY-MM-DD"), state: ["found" as const], limit: MANY };
      return (await ask(api.GET("/v1/differences", { params: { query } }))).differences.length;
    },
  },
  {
    key: "fraud",
    to: "/fraud",
    scope: "fraud:read",
    read: async () => (await ask(api.GET("/v1/fraud/cases", { params: { query: { state: ["open", "frozen"], limit: MANY } } }))).cases.length,
  },
  { key: "webhooks", to: "/webhooks", scope: "webhooks:read", read: async () => (await ask(api.GET("/v1/webhooks/figures"))).failed },
];

export function Waiting() {
  return (
    <Part title={t("home.waiting")}>
      <div className="cards">
        {ITEMS.map((each) => (
          <Waits key={each.key} item={each} />
        ))}
      </div>
    </Part>
  );
}

function Waits({ item }: { item: Item }) {
  const may = useMay(item.scope);
  const { data, isError } = useQuery({ queryKey: ["waiting", item.key], queryFn: item.read, enabled: may });
  if (!may) return null;
  const many = data === MANY && item.key !== "webhooks" ? `${MANY}+` : String(data ?? "…");
  return (
    <Card size="small">
      <Link to={item.to}>
        {t(`home.waits.${item.key}`)}
        <div style={{ fontSize: 24 }} className={data === undefined || data === 0 ? "quiet" : "loss"}>
          {isError ? "–" : many}
        </div>
      </Link>
    </Card>
  );
}
