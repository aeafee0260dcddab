/** The household: who is in it, and what its members can use together. */
import { api, ask } from "../../client";
import { count, date } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Block, Empty, Screen, Told } from "../frame/parts";

const loadHousehold = () => ask(api.GET("/v1/me/household"));

export default function Household() {
  const household = useLoaded("household", loadHousehold);
  const naming = useNaming();
  return (
    <Screen title={t("member.household")} back="/mine">
      <Told of={household}>
        {(told) =>
          told.members.length === 0 ? (
            <Empty>{t("member.household.none")}</Empty>
          ) : (
            <>
              <Block title={t("member.household.pools")}>
                <ul className="rows">
                  {told.pools.map((each) => (
                    <li key={each.currency}>
                      <span>{naming.currency(each.currency)}</span>
                      <b>{naming.amount(each.available, each.currency)}</b>
                    </li>
                  ))}
                </ul>
              </Block>
              <Block title={t("member.household.members", { count: told.members.length })}>
                <ul className="rows">
                  {told.members.map((each, at) => (
                    <li key={each.since + String(at)}>
                      <span>{each.is_me ? t("member.household.me") : t("member.household.other", { number: count(at + 1) })}</span>
                      <span className="soft">{t("member.household.since", { at: date(each.since) })}</span>
                    </li>
                  ))}
                </ul>
              </Block>
            </>
          )
        }
      </Told>
    </Screen>
  );
}
