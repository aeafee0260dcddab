/** My coupons, each with what the till has to see. */
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, date } from "../../kit/format";
import { t } from "../../kit/words";
import { QrCode } from "../card/code";
import { useLoaded } from "../frame/loaded";
import { choose } from "../frame/naming";
import { Block, Empty, Screen, Sheet, Told } from "../frame/parts";

type Over = Pick<Shapes["Coupon"], "title" | "state">;
type Shown = { readonly title: string; readonly code: string };
const loadWallet = () => ask(api.GET("/v1/me/coupons"));

export default function Coupons() {
  // By another name than before: what older pages kept has no codes of one's own.
  const wallet = useLoaded("wallet", loadWallet);
  const [shown, setShown] = useState<Shown | null>(null);
  return (
    <Screen title={t("member.coupons")} back="/">
      <Told of={wallet}>
        {(told) => {
          const usable = told.coupons.filter((each) => each.state === "usable");
          const own = told.own_codes.filter((each) => each.state === "usable");
          const over = [...told.coupons, ...told.own_codes].filter((each) => each.state !== "usable");
          const isEmpty = usable.length + own.length + told.everybody.length + told.partner_codes.length === 0;
          return (
            <>
              {isEmpty && <Empty>{t("member.coupons.none")}</Empty>}
              <ul className="cards">
                {usable.map((each) => (
                  <Ticket key={each.name} title={choose(each.title)} note={t("member.offers.until", { at: date(each.until) })} code={each.name} show={setShown} />
                ))}
                {own.map((each) => (
                  <Ticket key={each.code} title={choose(each.title)} note={each.valid_until === null ? t("member.coupons.own") : t("member.offers.until", { at: lastDay(each.valid_until) })} code={each.code} show={setShown} />
                ))}
                {told.everybody.map((each) => (
                  <Ticket key={each.name} title={choose(each.title)} note={t("member.coupons.everybody")} code={each.name} show={setShown} />
                ))}
                {told.partner_codes.map((each) => (
                  <Ticket key={each.code} title={each.coupon} note={each.valid_until === null ? t("member.coupons.partner") : t("member.offers.until", { at: date(each.valid_until) })} code={each.code} show={setShown} />
                ))}
                {told.owed.map((each) => (
                  <li key={each.coupon} className="card dim">
                    <h3 dir="auto">{choose(each.title)}</h3>
                    <p>{t("member.coupons.owed", { count: each.count })}</p>
                  </li>
                ))}
              </ul>
              {over.length > 0 && <Ended coupons={over} />}
            </>
          );
        }}
      </Told>
      {shown !== null && (
        <Sheet title={shown.title} onClose={() => setShown(null)}>
          <div className="codebox">
            <QrCode text={shown.code} name={t("member.coupons.code", { title: shown.title })} />
            <p className="codetext">{shown.code}</p>
            <p>{t("member.coupons.show")}</p>
          </div>
        </Sheet>
      )}
    </Screen>
  );
}

function Ticket({ title, note, code, show }: { title: string; note: string; code: string; show: (shown: Shown) => void }) {
  return (
    <li className="card ticket">
      <h3 dir="auto">{title}</h3>
      <p className="soft">{note}</p>
      <button className="button main" onClick={() => show({ title, code })} aria-label={t("member.coupons.use_of", { title })}>
        {t("member.coupons.use")}
      </button>
    </li>
  );
}

/** The day of the last moment: what is valid before midnight ends the day before. */
const lastDay = (before: string) => date(new Date(Date.parse(before) - 1).toISOString());

function Ended({ coupons }: { coupons: readonly Over[] }) {
  return (
    <Block title={t("member.coupons.over")} more={<span className="soft">{count(coupons.length)}</span>}>
      <ul className="rows dim">
        {coupons.slice(0, 20).map((each, place) => (
          <li key={place}>
            <span dir="auto">{choose(each.title)}</span>
            <span>{t(each.state === "used" ? "member.coupons.used" : "member.coupons.ended")}</span>
          </li>
        ))}
      </ul>
    </Block>
  );
}
