/** What of the points ends when, and what comes. */
import { api, ask } from "../../client";
import { date, day } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Block, Empty, Screen, Told } from "../frame/parts";

const loadEndings = () => ask(api.GET("/v1/me/endings"));
const loadLots = () => ask(api.GET("/v1/me/lots", { params: { query: { limit: 100 } } }));

export default function Endings() {
  const naming = useNaming();
  const endings = useLoaded("endings", loadEndings);
  const lots = useLoaded("lots", loadLots);
  return (
    <Screen title={t("member.endings")} back="/">
      <Block title={t("member.endings.when")}>
        <Told of={endings}>
          {(told) =>
            told.endings.length === 0 ? (
              <Empty>{t("member.endings.none")}</Empty>
            ) : (
              <ul className="rows">
                {told.endings.map((each) => (
                  <li key={each.currency + each.ends_at + String(each.usable)}>
                    <span>{t("member.endings.until", { at: day(each.last_day) })}</span>
                    <b>{naming.points(each.points, each.currency)}</b>
                  </li>
                ))}
              </ul>
            )
          }
        </Told>
      </Block>
      <Block title={t("member.coming")}>
        <Told of={lots}>
          {(told) => {
            const coming = told.lots.filter((each) => !each.usable && each.remaining > 0);
            return coming.length === 0 ? (
              <Empty>{t("member.coming.none")}</Empty>
            ) : (
              <ul className="rows">
                {coming.map((each) => (
                  <li key={each.currency + String(each.number) + each.activity}>
                    <span>{t("member.coming.from", { at: date(each.usable_from) })}</span>
                    <b>{naming.points(each.remaining, each.currency)}</b>
                  </li>
                ))}
              </ul>
            );
          }}
        </Told>
      </Block>
    </Screen>
  );
}
