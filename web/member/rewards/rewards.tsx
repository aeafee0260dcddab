/** What points buy, and what was ordered. */
import { useState } from "react";
import { Link } from "wouter";
import { api, ask, type Shapes } from "../../client";
import { count, date, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { useNaming, type Naming } from "../frame/naming";
import { Block, Button, Empty, Screen, Told } from "../frame/parts";
import { useMine } from "../frame/session";
import { Redeem } from "./redeem";

type Offered = Shapes["MyReward"];
type Order = Shapes["OrderView"];
const loadRewards = () => ask(api.GET("/v1/me/rewards", { params: { query: { limit: 50 } } }));
const loadOrders = () => ask(api.GET("/v1/me/orders", { params: { query: { limit: 20 } } }));

export default function Rewards() {
  const naming = useNaming();
  const { member } = useMine();
  const rewards = useLoaded("rewards", loadRewards);
  const orders = useLoaded("orders", loadOrders);
  const [chosen, setChosen] = useState<Offered | null>(null);
  return (
    <Screen title={t("member.rewards")}>
      <p className="have">
        {member.balances
          .filter((each) => naming.program?.currencies.find((of) => of.currency === each.currency)?.kind === "spendable")
          .map((each) => t("member.rewards.have", { points: naming.points(each.available, each.currency) }))
          .join(t("member.list"))}
      </p>
      <Told of={rewards}>
        {(told) =>
          told.rewards.length === 0 ? (
            <Empty>{t("member.rewards.none")}</Empty>
          ) : (
            <ul className="cards two">
              {told.rewards.map((each) => (
                <RewardCard key={each.reward.offer} of={each} naming={naming} choose={() => setChosen(each)} />
              ))}
            </ul>
          )
        }
      </Told>
      <p className="soft">
        {t("member.rewards.pay")} <Link href="/">{t("member.rewards.show")}</Link> · <Link href="/vouchers">{t("member.vouchers")}</Link> · <Link href="/give">{t("member.give")}</Link>
      </p>
      <Block title={t("member.orders")}>
        <Told of={orders}>
          {(told) =>
            told.orders.length === 0 ? (
              <Empty>{t("member.orders.none")}</Empty>
            ) : (
              <ul className="rows">
                {told.orders.map((each) => (
                  <OrderRow key={each.source + each.id} order={each} naming={naming} />
                ))}
              </ul>
            )
          }
        </Told>
      </Block>
      {chosen !== null && <Redeem of={chosen} onClose={() => setChosen(null)} />}
    </Screen>
  );
}

export const price = (way: { points: number; currency: string; cash_minor: number }, naming: Naming): string =>
  way.cash_minor > 0 ? t("member.price", { points: naming.points(way.points, way.currency), cash: naming.money(way.cash_minor) }) : naming.points(way.points, way.currency);

function RewardCard({ of: { reward, available, missing, ways }, naming, choose }: { of: Offered; naming: Naming; choose: () => void }) {
  const first = ways[0] ?? reward.ways[0];
  const why = (): string => {
    if (reward.left === 0) return t("member.rewards.gone");
    return missing > 0 && first !== undefined ? t("member.rewards.missing", { points: naming.points(missing, first.currency) }) : t("member.rewards.away");
  };
  return (
    <li className="card reward">
      <h3 dir="auto">{reward.title}</h3>
      {reward.text !== "" && <p dir="auto">{reward.text}</p>}
      <p className="soft">
        {reward.left !== null && reward.left > 0 && t("member.rewards.left", { count: reward.left })}
        {reward.until !== null && t("member.offers.until", { at: date(reward.until) })}
      </p>
      <p className="price">{reward.ways.map((each) => price(each, naming)).join(t("member.level.or"))}</p>
      {available ? (
        <Button kind="main" onClick={choose}>
          {t("member.redeem")}
        </Button>
      ) : (
        <p className="missing">{why()}</p>
      )}
    </li>
  );
}

const STATES = {
  ordered: "member.order.ordered",
  ready: "member.order.ready",
  fulfilled: "member.order.fulfilled",
  cancelled: "member.order.cancelled",
  ended: "member.order.ended",
} as const satisfies Record<Order["state"], string>;

function OrderRow({ order, naming }: { order: Order; naming: Naming }) {
  return (
    <li>
      <span>
        <b dir="auto">{order.title}</b>
        {order.quantity > 1 && ` × ${count(order.quantity)}`}
        <br />
        <span className="soft">
          {dateTime(order.ordered_at)} · {price(order, naming)}
        </span>
      </span>
      <span className={`state ${order.state}`}>
        {t(STATES[order.state])}
        {order.state === "ready" && order.collect_until !== null && <small>{t("member.offers.until", { at: date(order.collect_until) })}</small>}
      </span>
    </li>
  );
}
