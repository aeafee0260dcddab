/** One sale after the other: who buys, what, what it comes to, and the receipt. */
import { useState } from "react";
import { t } from "../../kit/words";
import { nextName, type Sold } from "../till/device";
import { useLevel } from "../till/line";
import { Button, Failed } from "../till/parts";
import type { Document } from "../till/till";
import { BasketBlock } from "./basket";
import { MemberBlock } from "./member";
import { useQuote, type Basket, type Member } from "./quoting";
import { Receipt } from "./receipt";
import { otherTotal, sell } from "./selling";
import { Coupons, Totals } from "./total";
import type { Voucher } from "../till/tokens";
import { VoucherBlock } from "./voucher";
import { cash } from "./naming";
import type { Line } from "./goods";

interface Begun {
  readonly lines: readonly Line[];
  readonly member: Member | null;
  readonly coupons: readonly string[];
  readonly pay: Basket["pay"];
  readonly vouchers: readonly Voucher[];
}
const NOTHING: Begun = { lines: [], member: null, coupons: [], pay: null, vouchers: [] };

export function Sale({ document, store, takesVouchers, done }: { document: Document; store: string; takesVouchers: boolean; done: () => void }) {
  const [begun, setBegun] = useState(NOTHING);
  const [name, setName] = useState(nextName);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const [sold, setSold] = useState<Sold | null>(null);
  const level = useLevel();
  // A till that cannot write cannot remember which voucher it took.
  const vouchers = level === "D4" ? [] : begun.vouchers;
  const { lines, member, coupons, pay } = begun;
  const basket: Basket = { lines, member, coupons, pay, store };
  const quoted = useQuote(basket);
  const change = (next: Partial<Begun>) => setBegun((last) => ({ ...last, ...next }));
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setSold(await sell({ basket, quoted, vouchers, name, money: document.money, level }));
      setBegun(NOTHING);
      setName(nextName());
      done();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const other = otherTotal(error);
  return (
    <div className="sale">
      <div className="part">
        <MemberBlock key={begun.member === null ? "ask" : "known"} member={begun.member} choose={(member) => change({ member, pay: null })} document={document} />
        <BasketBlock lines={begun.lines} change={(lines) => change({ lines, pay: null })} document={document} />
      </div>
      <div className="part">
        <Coupons basket={basket} quoted={quoted} change={(coupons) => change({ coupons, pay: null })} />
        {takesVouchers && lines.length > 0 && <VoucherBlock taken={vouchers} change={(taken) => change({ vouchers: taken })} store={store} document={document} />}
        {lines.length > 0 && <Totals basket={basket} quoted={quoted} vouchers={vouchers} document={document} pay={(pay) => change({ pay })} />}
        {error !== undefined && (other === undefined ? <Failed error={error} /> : <p role="alert">{t("register.differs", { money: cash(document, other) })}</p>)}
        <div className="pair closing">
          <Button kind="main" busy={busy} disabled={begun.lines.length === 0 || quoted.busy} onClick={() => void go()}>
            {t("register.sell")}
          </Button>
          <Button disabled={begun.lines.length === 0 && begun.member === null} onClick={() => setBegun(NOTHING)}>
            {t("register.drop")}
          </Button>
        </div>
      </div>
      {sold !== null && <Receipt sold={sold} document={document} onClose={() => setSold(null)} />}
    </div>
  );
}
