/** What there is for me, and why; challenges with their stamps; badges. */
import { api, ask, type Shapes } from "../../client";
import { date, day } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { choose } from "../frame/naming";
import { Block, Empty, Screen, Told } from "../frame/parts";
import { Challenges } from "./challenges";

type Offer = Shapes["MyOffer"];
type Why = Shapes["ForMe"];
const loadOffers = () => ask(api.GET("/v1/me/offers"));
const loadBadges = () => ask(api.GET("/v1/me/badges"));

export default function Offers() {
  const offers = useLoaded("offers", loadOffers);
  const badges = useLoaded("badges", loadBadges);
  return (
    <Screen title={t("member.offers")}>
      <Challenges />
      <Block title={t("member.offers.now")}>
        <Told of={offers}>
          {(told) =>
            told.offers.length === 0 ? (
              <Empty>{t("member.offers.none")}</Empty>
            ) : (
              <ul className="cards">
                {told.offers.map((each) => (
                  <OfferCard key={each.offer} offer={each} />
                ))}
              </ul>
            )
          }
        </Told>
      </Block>
      <Block title={t("member.badges")}>
        <Told of={badges}>
          {(told) =>
            told.badges.length === 0 ? (
              <Empty>{t("member.badges.none")}</Empty>
            ) : (
              <ul className="badges">
                {told.badges.map((each) => (
                  <li key={each.badge} className={each.since === null ? "dim" : "won"}>
                    <b>{choose(each.title)}</b>
                    <span>{choose(each.text)}</span>
                    <span className="soft">{each.since === null ? t("member.badges.missing") : t("member.badges.since", { at: date(each.since) })}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Told>
      </Block>
    </Screen>
  );
}

/** How many sentences say what it gives: the first, and the lines of its list, which ends where a sentence does. */
function leadOf(text: readonly string[]): number {
  if (!/[:：]$/.test(text[0] ?? "")) return 1;
  const next = text.findIndex((each, place) => place > 0 && /[.。]$/.test(each));
  return next === -1 ? text.length : next;
}

function OfferCard({ offer }: { offer: Offer }) {
  const lead = leadOf(offer.text);
  return (
    <li className="card">
      <h3 dir="auto">{offer.name || offer.offer}</h3>
      {offer.for_me.map((each) => (
        <p key={each.code} className="why">
          <WhyMine why={each} />
        </p>
      ))}
      {offer.text.slice(0, 1).map((each) => (
        <p key={each} dir="auto">
          {each}
        </p>
      ))}
      {lead > 1 && (
        <ul className="listed">
          {offer.text.slice(1, lead).map((each) => (
            <li key={each} dir="auto">
              {each}
            </li>
          ))}
        </ul>
      )}
      {offer.text.length > lead && (
        <details>
          <summary>{t("member.offers.terms")}</summary>
          {offer.text.slice(lead).map((each) => (
            <p key={each} dir="auto">
              {each}
            </p>
          ))}
        </details>
      )}
      <p className="soft">
        {!offer.running && offer.since !== null && t("member.offers.since", { at: day(offer.since) })}
        {offer.until !== null && t("member.offers.until", { at: day(offer.until) })}
      </p>
    </li>
  );
}

function WhyMine({ why }: { why: Why }) {
  const categories = why.values["categories"];
  if (why.code === "picks") return <>{t("member.why.picks", { what: Array.isArray(categories) ? categories.join(t("member.list")) : "" })}</>;
  return <>{t(why.code === "level" ? "member.why.level" : "member.why.chosen")}</>;
}
