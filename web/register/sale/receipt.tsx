/** The receipt, as it is shown and printed. */
import { useEffect, useRef } from "react";
import { dateTime, money } from "../../kit/format";
import { t } from "../../kit/words";
import { SOURCE, type Sold } from "../till/device";
import { Button } from "../till/parts";
import type { Document } from "../till/till";
import { choose, isSpendable, namePoints } from "./naming";

export function Receipt({ sold, document, onClose }: { sold: Sold; document: Document; onClose: () => void }) {
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = sheet.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const cash = (minor: number) => money(minor, sold.money);
  const vouchers = sold.vouchers_minor ?? 0;
  return (
    <dialog ref={sheet} className="sheet receipt" aria-label={t("register.receipt")} onCancel={onClose} data-sale={sold.id} data-status={sold.status}>
      <h2>{choose(document.name)}</h2>
      <p className="soft">
        {sold.store} {dateTime(sold.at)}
        <br />
        {sold.id}
      </p>
      <dl className="sum">
        {sold.lines.map((each, at) => (
          <div key={at}>
            <dt dir="auto">
              {each.name} {each.quantity_milli > 1000 && `× ${each.quantity_milli / 1000}`}
            </dt>
            <dd>{cash(each.paid_minor)}</dd>
          </div>
        ))}
        {sold.discount_minor > 0 && (
          <div>
            <dt>{t("register.off")}</dt>
            <dd>{cash(sold.discount_minor)}</dd>
          </div>
        )}
        {sold.points_minor > 0 && (
          <div>
            <dt>{t("register.by.points")}</dt>
            <dd>{cash(sold.points_minor)}</dd>
          </div>
        )}
        {vouchers > 0 && (
          <div>
            <dt>{t("register.by.voucher")}</dt>
            <dd>{cash(vouchers)}</dd>
          </div>
        )}
        <div className="due">
          <dt>{t("register.paid")}</dt>
          <dd>{cash(sold.due_minor - vouchers)}</dd>
        </div>
      </dl>
      {sold.status === "committed" && sold.member && (
        <div className="brought">
          {sum(sold.earned).map(([currency, points]) => (
            <p key={currency}>{t("register.brought", { points: namePoints(document, points, currency) })}</p>
          ))}
          {Object.entries(sold.balances)
            .filter(([currency]) => isSpendable(document, currency))
            .map(([currency, points]) => (
              <p key={currency} className="soft">
                {t("register.balance", { points: namePoints(document, points, currency) })}
              </p>
            ))}
        </div>
      )}
      {sold.status === "queued" && <p className="note">{t(sold.member ? "register.follow" : "register.follow.nobody")}</p>}
      {(sold.status === "paper" || !sold.member) && (
        <p className="claim">
          {t("register.claim")}
          <br />
          <code>{`receipt:${SOURCE}:${sold.id}`}</code>
        </p>
      )}
      <div className="pair noprint">
        <Button kind="main" onClick={onClose} autoFocus>
          {t("register.following")}
        </Button>
        <Button onClick={() => window.print()}>{t("register.print")}</Button>
      </div>
    </dialog>
  );
}

function sum(earned: Sold["earned"]): [string, number][] {
  const totals = new Map<string, number>();
  for (const each of earned) totals.set(each.currency, (totals.get(each.currency) ?? 0) + each.points);
  return [...totals];
}
