/** One receipt: what was bought, what it came to, and why. */
import { useCallback } from "react";
import { useParams } from "wouter";
import { api, ask } from "../../client";
import { count, date, dateTime } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { choose, useNaming, type Naming } from "../frame/naming";
import { Block, Empty, Screen, Told } from "../frame/parts";

const loadReceipt = (activity: string) => ask(api.GET("/v1/me/receipts/{activity}", { params: { path: { activity } } }));
type Explained = Awaited<ReturnType<typeof loadReceipt>>;
type Why = Explained["offers"][number];
type Points = Explained["receipt"]["points"][number];

export default function Receipt() {
  const { activity } = useParams<{ activity: string }>();
  const load = useCallback(() => loadReceipt(activity), [activity]);
  const receipt = useLoaded(`receipt.${activity}`, load);
  const naming = useNaming();
  return (
    <Screen title={t("member.receipt")} back="/activity">
      <Told of={receipt}>
        {(told) => (
          <>
            <p className="soft">
              {knows(`member.kind.${told.receipt.kind}`) ? t(`member.kind.${told.receipt.kind}`) : t("member.kind.other")} · {dateTime(told.receipt.occurred_at)}
            </p>
            <Goods told={told} naming={naming} />
            <Block title={t("member.receipt.points")}>
              {told.receipt.points.length === 0 ? (
                <Empty>{t("member.receipt.nothing")}</Empty>
              ) : (
                <ul className="rows">
                  {told.receipt.points.map((each, at) => (
                    <PointsRow key={at} points={each} naming={naming} />
                  ))}
                </ul>
              )}
            </Block>
            <Reasons told={told} naming={naming} />
          </>
        )}
      </Told>
    </Screen>
  );
}

function PointsRow({ points, naming }: { points: Points; naming: Naming }) {
  return (
    <li>
      <span>
        <span dir="auto">{points.offer === "" ? (knows(`member.kind.${points.kind}`) ? t(`member.kind.${points.kind}`) : t("member.kind.other")) : naming.offer(points.offer)}</span>
        <br />
        <span className="soft">
          {points.usable_from && points.points > 0 && t("member.coming.from", { at: date(points.usable_from) })} {points.expires_at && points.points > 0 && t("member.ends.at", { at: date(points.expires_at) })}
        </span>
      </span>
      <span className="amount">
        <b className={points.points < 0 ? "minus" : "plus"}>{naming.amount(points.points, points.currency, true)}</b>
        <small className="soft">{naming.currency(points.currency)}</small>
      </span>
    </li>
  );
}

/** The goods; what is no purchase and no return has none. */
function Goods({ told: found, naming }: { told: Explained; naming: Naming }) {
  if (found.lines.length === 0 && found.returned.length === 0) return null;
  const off = found.receipt.discounts.reduce((sum, each) => sum + each.amount_minor, 0);
  return (
    <Block title={found.store_name || found.store || t("member.receipt.goods")}>
      <ul className="rows tight">
        {found.lines.map((each, at) => (
          <li key={at}>
            <span dir="auto">
              {each.sku}
              {(each.quantity_milli ?? 1000) !== 1000 && ` × ${count((each.quantity_milli ?? 1000) / 1000)}`}
            </span>
            <span>{naming.money(each.amount_minor)}</span>
          </li>
        ))}
        {off > 0 && (
          <li>
            <span>{t("member.receipt.off")}</span>
            <span>{naming.money(-off)}</span>
          </li>
        )}
        <li className="total">
          <b>{t(found.receipt.kind === "return" ? "member.receipt.back" : "member.receipt.paid")}</b>
          <b>{naming.money(found.total_minor)}</b>
        </li>
      </ul>
    </Block>
  );
}

function Reasons({ told, naming }: { told: Explained; naming: Naming }) {
  if (told.offers.length === 0) return null;
  return (
    <Block title={t("member.receipt.why")}>
      <ul className="reasons">
        {told.offers.map((each) => (
          <li key={each.offer} className={each.fired ? "yes" : "no"}>
            <b dir="auto">{choose(each.name) || each.offer}</b>
            <span>{explainWhy(each, naming)}</span>
          </li>
        ))}
      </ul>
      {!told.exact && <p className="soft">{t("member.receipt.inexact")}</p>}
    </Block>
  );
}

/** Why an offer gave something or nothing, as far as there are words for it. */
function explainWhy(why: Why, naming: Naming): string {
  const said = why.reasons.find((each) => knows(`member.reason.${each.code}`));
  const values = said === undefined ? {} : Object.fromEntries(Object.entries(said.values).filter((each): each is [string, string | number] => typeof each[1] === "string" || typeof each[1] === "number"));
  const gained = Object.entries(why.points).filter(([, points]) => points !== 0);
  if (why.fired && gained.length > 0) return t("member.reason.gave", { points: gained.map(([currency, points]) => naming.points(points, currency)).join(t("member.list")) });
  const missing = why.needs["missing_minor"];
  if (typeof missing === "number") return t("member.reason.missing", { money: naming.money(missing) });
  if (said !== undefined) return t(`member.reason.${said.code}`, values);
  if (why.fired) return t("member.reason.counted");
  return knows(`member.decided.${why.decided}`) ? t(`member.decided.${why.decided}`) : t("member.decided.when");
}
