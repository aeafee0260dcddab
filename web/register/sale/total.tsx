/** What is due, what of it points could pay, and what the purchase would bring. */
import { useState, type SyntheticEvent } from "react";
import { count } from "../../kit/format";
import { explain } from "../../kit/problems";
import { t } from "../../kit/words";
import { isAway } from "../till/line";
import { Block, Button } from "../till/parts";
import type { Document } from "../till/till";
import { keptOffers } from "../till/learned";
import type { Voucher } from "../till/tokens";
import { grossOf } from "./goods";
import { cash, choose, nameOffer, namePoints } from "./naming";
import type { Basket, Quote, Quoted } from "./quoting";
import { worthOf } from "./selling";

interface Shown {
  readonly basket: Basket;
  readonly quoted: Quoted;
  readonly vouchers: readonly Voucher[];
  readonly document: Document;
  readonly pay: (pay: Basket["pay"]) => void;
}

export function Totals({ basket, quoted, vouchers, document, pay }: Shown) {
  const { quote, off, error, busy } = quoted;
  const gross = grossOf(basket.lines);
  const less = off.reduce((sum, each) => sum + each.amount_minor, 0);
  if (quote === null)
    return (
      <Block title={t("register.total")}>
        {busy && <p role="status">{t("register.quoting")}</p>}
        {error !== undefined && <p className="note">{isAway(error) ? t(less > 0 ? "register.unquoted.offers" : "register.unquoted") : explain(error)}</p>}
        <Sum rows={[...(less > 0 ? [["register.gross", gross] as const] : []), ...listPaid(gross - less, { "register.off": less }, vouchers)]} document={document} />
        {less > 0 && <p className="soft">{[...new Set(off.map((each) => nameOffer(document, each.offer)))].join(" · ")}</p>}
      </Block>
    );
  const { totals } = quote;
  return (
    <Block title={t("register.total")}>
      <Sum
        document={document}
        rows={[
          ["register.gross", totals.gross_minor],
          ...listPaid(totals.due_minor, { "register.off": totals.discount_minor, "register.by.points": totals.points_minor }, vouchers),
        ]}
      />
      <Payable quote={quote} basket={basket} document={document} pay={pay} />
      <Forecast quote={quote} document={document} />
    </Block>
  );
}

/** What is taken off, what vouchers pay, and what is left to be paid. */
function listPaid(due: number, off: Readonly<Record<string, number>>, vouchers: readonly Voucher[]): (readonly [string, number])[] {
  const paid = worthOf(vouchers, due);
  const less = Object.entries({ ...off, "register.by.voucher": paid }).filter(([, minor]) => minor > 0);
  return [...less.map(([key, minor]) => [key, -minor] as const), ["register.due", due - paid]];
}

function Sum({ rows, document }: { rows: readonly (readonly [string, number])[]; document: Document }) {
  return (
    <dl className="sum">
      {rows.map(([key, minor]) => (
        <div key={key} className={key === "register.due" ? "due" : ""} data-row={key} data-minor={minor}>
          <dt>{t(key)}</dt>
          <dd>{cash(document, minor)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Payable({ quote, basket, document, pay }: { quote: Quote; basket: Basket; document: Document; pay: (pay: Basket["pay"]) => void }) {
  const paid = quote.paid[0];
  if (paid !== undefined)
    return (
      <p>
        {t("register.paying", { points: namePoints(document, paid.points, paid.currency), money: cash(document, paid.amount_minor) })}{" "}
        <Button kind="small" onClick={() => pay(null)}>
          {t("register.pay.not")}
        </Button>
      </p>
    );
  const most = quote.payable[0];
  if (most === undefined || basket.member === null) return null;
  return <PayForm key={`${most.currency}${most.points}`} most={most} document={document} pay={pay} />;
}

function PayForm({ most, document, pay }: { most: Quote["payable"][number]; document: Document; pay: (pay: Basket["pay"]) => void }) {
  const [points, setPoints] = useState(String(most.points));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    pay({ currency: most.currency, points: Number(points) });
  };
  return (
    <form className="inline" onSubmit={submit}>
      <label>
        {t("register.pay", { points: namePoints(document, most.points, most.currency), money: cash(document, most.amount_minor) })}
        <input type="number" min="1" max={most.points} value={points} onChange={(event) => setPoints(event.target.value)} required />
      </label>
      <Button type="submit">{t("register.pay.go")}</Button>
    </form>
  );
}

function Forecast({ quote, document }: { quote: Quote; document: Document }) {
  const hints = (quote.hints ?? []).filter((each) => each.discount_minor > 0 || Object.keys(each.points).length > 0).slice(0, 3);
  return (
    <>
      {quote.discounts.length > 0 && <p className="soft">{[...new Set(quote.discounts.map((each) => nameOffer(document, each.offer)))].join(" · ")}</p>}
      {quote.forecast.length > 0 && (
        <ul className="forecast" aria-label={t("register.forecast")}>
          {quote.forecast.map((each) => (
            <li key={each.offer + each.currency}>
              + {namePoints(document, each.points, each.currency)} <span className="soft">{nameOffer(document, each.offer)}</span>
            </li>
          ))}
        </ul>
      )}
      {hints.map((each) => (
        <p key={each.offer} className="hint">
          {t("register.hint", {
            money: cash(document, each.missing_minor),
            gain: [...Object.entries(each.points).map(([currency, points]) => namePoints(document, points, currency)), ...(each.discount_minor > 0 ? [cash(document, each.discount_minor)] : [])].join(" · "),
            offer: nameOffer(document, each.offer),
          })}
        </p>
      ))}
      {(quote.rewards ?? []).length > 0 && <p className="soft">{t("register.rewards", { what: (quote.rewards ?? []).map((each) => each.title).join(" · ") })}</p>}
      {quote.reasons.filter((each) => each.code === "coupon_refused").length > 0 && <p className="note">{t("register.coupon.refused", { count: quote.reasons.filter((each) => each.code === "coupon_refused").length })}</p>}
    </>
  );
}

/** Coupons that could be shown: those that the server names, or, where it does not answer, those that everybody has. */
function listOffered({ quote, error }: Quoted): readonly { readonly name: string; readonly title: Readonly<Record<string, string>> }[] {
  if (quote !== null) return (quote.coupons ?? []).map((each) => ({ name: each.name, title: each.title }));
  const extract = isAway(error) ? keptOffers() : null;
  return extract === null ? [] : [...extract.offers, ...extract.guarded].filter((each) => each.coupon !== "").map((each) => ({ name: each.coupon, title: each.title }));
}

/** A coupon by its title, where everybody has it; else by what was shown. */
function NamedCoupon({ name }: { name: string }) {
  const extract = keptOffers();
  const found = [...(extract?.offers ?? []), ...(extract?.guarded ?? [])].find((each) => each.coupon === name);
  return found === undefined ? <code>{name}</code> : <span dir="auto">{choose(found.title)}</span>;
}

export function Coupons({ basket, quoted, change }: { basket: Basket; quoted: Quoted; change: (coupons: readonly string[]) => void }) {
  const [code, setCode] = useState("");
  const offered = listOffered(quoted).filter((each) => !basket.coupons.includes(each.name));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change([...basket.coupons.filter((each) => each !== code.trim()), code.trim()]);
    setCode("");
  };
  return (
    <Block title={t("register.coupons")}>
      <form className="inline" onSubmit={submit}>
        <label>
          {t("register.coupon")}
          <input value={code} onChange={(event) => setCode(event.target.value)} required maxLength={100} autoComplete="off" />
        </label>
        <Button type="submit">{t("register.coupon.take")}</Button>
      </form>
      <ul className="goods">
        {offered.map((each) => (
          <li key={each.name}>
            <button onClick={() => change([...basket.coupons, each.name])}>{choose(each.title) || each.name}</button>
          </li>
        ))}
      </ul>
      {basket.coupons.length > 0 && (
        <ul className="rows">
          {basket.coupons.map((each, at) => (
            <li key={each}>
              <NamedCoupon name={each} />
              <Button kind="small" aria-label={t("register.coupon.drop", { number: count(at + 1) })} onClick={() => change(basket.coupons.filter((other) => other !== each))}>
                ×
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Block>
  );
}
