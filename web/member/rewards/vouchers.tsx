/** Vouchers: points as money at a till that need not ask anybody. Made with a network, shown without. */
import { useState, type SyntheticEvent } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { dateTime, money } from "../../kit/format";
import { t } from "../../kit/words";
import { QrCode } from "../card/code";
import { refresh, useLoaded } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Button, Empty, Failed, Screen, Sheet, Told } from "../frame/parts";
import { usePresent } from "../frame/present";
import { useMine } from "../frame/session";

type Voucher = Shapes["VoucherView"];
const loadVouchers = () => ask(api.GET("/v1/me/vouchers"));

export default function Vouchers() {
  const { member, burning } = useMine();
  const { program } = useNaming();
  const vouchers = useLoaded("vouchers", loadVouchers);
  const [shown, setShown] = useState<Voucher | null>(null);
  const worthy = member.balances.filter((each) => each.available > 0 && Boolean(program?.currencies.find((of) => of.currency === each.currency)?.worth));
  return (
    <Screen title={t("member.vouchers")} back="/rewards">
      <p className="soft">{t("member.vouchers.about")}</p>
      {burning === "off" && <p className="note">{t("member.frozen")}</p>}
      <Told of={vouchers}>
        {(told) =>
          told.vouchers.length === 0 ? (
            <Empty>{t("member.vouchers.none")}</Empty>
          ) : (
            <ul className="cards">
              {told.vouchers.map((each) => (
                <Ticket key={each.voucher} of={each} show={() => setShown(each)} />
              ))}
            </ul>
          )
        }
      </Told>
      {worthy.length === 0 ? <Empty>{t("member.vouchers.nothing")}</Empty> : <Form currencies={worthy.map((each) => each.currency)} />}
      {shown !== null && (
        <Sheet title={t("member.vouchers.worth", { money: money(shown.worth_minor, shown.money) })} onClose={() => setShown(null)}>
          <div className="codebox">
            <QrCode text={shown.token} name={t("member.vouchers.code")} />
            <p>{t("member.vouchers.until", { at: dateTime(shown.not_after) })}</p>
            <p>{t("member.coupons.show")}</p>
          </div>
        </Sheet>
      )}
    </Screen>
  );
}

function Ticket({ of, show }: { of: Voucher; show: () => void }) {
  const naming = useNaming();
  const worth = money(of.worth_minor, of.money);
  const isOver = new Date(of.not_after) <= ledgerNow();
  return (
    <li className={isOver ? "card dim" : "card ticket"}>
      <h3>{t("member.vouchers.worth", { money: worth })}</h3>
      {isOver ? (
        <p>{t("member.vouchers.back", { points: naming.points(of.points, of.currency), at: dateTime(of.settle_until) })}</p>
      ) : (
        <>
          <p className="soft">{t("member.vouchers.until", { at: dateTime(of.not_after) })}</p>
          <Button kind="main" onClick={show}>
            {t("member.vouchers.show", { money: worth })}
          </Button>
        </>
      )}
    </li>
  );
}

interface Typed {
  readonly amount: string;
  readonly currency: string;
}

function Form({ currencies }: { currencies: readonly string[] }) {
  const { member } = useMine();
  const naming = useNaming();
  const present = usePresent();
  const [typed, setTyped] = useState<Typed>({ amount: "", currency: currencies[0] ?? "" });
  const [made, setMade] = useState(false);
  // One name for one wish: however often it is sent, it is one voucher. Another amount is another wish.
  const [asked, setAsked] = useState(() => ({ of: "", id: newKey(), occurred_at: ledgerNow().toISOString() }));
  const scale = 10 ** (naming.program?.currencies.find((each) => each.currency === typed.currency)?.scale ?? 0);
  const available = member.balances.find((each) => each.currency === typed.currency)?.available ?? 0;
  const points = Math.round(Number(typed.amount) * scale);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const of = JSON.stringify(typed);
    const named = asked.of === of ? asked : { of, id: newKey(), occurred_at: ledgerNow().toISOString() };
    setAsked(named);
    setMade(false);
    present.run(async () => {
      await ask(api.POST("/v1/me/vouchers", { body: { id: named.id, occurred_at: named.occurred_at, currency: typed.currency, points } }));
      setAsked({ ...named, of: "" });
      setTyped({ ...typed, amount: "" });
      setMade(true);
      refresh();
    });
  };
  return (
    <>
      <form onSubmit={submit} className="form">
        {currencies.length > 1 && (
          <fieldset>
            <legend>{t("member.give.what")}</legend>
            {currencies.map((each) => (
              <label key={each} className="check">
                <input type="radio" name="currency" checked={typed.currency === each} onChange={() => setTyped({ ...typed, currency: each })} />
                <span>{naming.currency(each)}</span>
              </label>
            ))}
          </fieldset>
        )}
        <label>
          {t("member.vouchers.points")}
          <input type="number" value={typed.amount} onChange={(event) => setTyped({ ...typed, amount: event.target.value })} inputMode={scale === 1 ? "numeric" : "decimal"} required min={1 / scale} max={available / scale} step={1 / scale} aria-describedby="have" />
        </label>
        <p className="have" id="have">
          {t("member.rewards.have", { points: naming.points(available, typed.currency) })}
          {points > 0 && naming.worth(points, typed.currency) !== "" && <> · {t("member.vouchers.worth", { money: naming.worth(points, typed.currency) })}</>}
        </p>
        <p className="note">{t("member.vouchers.final")}</p>
        {present.error !== undefined && <Failed error={present.error} />}
        {made && <p role="status">{t("member.vouchers.made")}</p>}
        <Button kind="main" type="submit" busy={present.busy}>
          {t("member.vouchers.make")}
        </Button>
      </form>
      {present.sheet}
    </>
  );
}
