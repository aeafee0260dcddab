/** What this till sold: printed again, or taken back line by line. */
import { useState } from "react";
import { api, ask } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { dateTime, money } from "../../kit/format";
import { t } from "../../kit/words";
import { keepSold, nextName, SOURCE, type Sold } from "../till/device";
import { reach } from "../till/line";
import { Button, Failed } from "../till/parts";
import { useQueue } from "../till/queue";
import type { Document } from "../till/till";
import { namePoints } from "./naming";
import { Receipt } from "./receipt";

type Came = { readonly currency: string; readonly points: number };

export function SoldList({ sold, document, changed }: { sold: readonly Sold[]; document: Document; changed: () => void }) {
  const [shown, setShown] = useState<Sold | null>(null);
  if (sold.length === 0) return <p className="soft">{t("register.sold.none")}</p>;
  return (
    <>
      <ul className="rows">
        {sold.slice(0, 10).map((each) => (
          <li key={each.id}>
            <details>
              <summary>
                {dateTime(each.at)} · {money(each.due_minor, each.money)} <Mark sold={each} />
              </summary>
              <Back sold={each} document={document} changed={changed} />
              <Button kind="small" onClick={() => setShown(each)}>
                {t("register.receipt")}
              </Button>
            </details>
          </li>
        ))}
      </ul>
      {shown !== null && <Receipt sold={shown} document={document} onClose={() => setShown(null)} />}
    </>
  );
}

function Mark({ sold }: { sold: Sold }) {
  const waits = useQueue().some((each) => each.id === sold.id);
  if (sold.status === "committed") return null;
  return <em>{t(sold.status === "paper" ? "register.state.paper" : waits ? "register.state.queued" : "register.state.sent")}</em>;
}

/** Takes lines back. The same wish, sent again, is one return. */
function Back({ sold, document, changed }: { sold: Sold; document: Document; changed: () => void }) {
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [wish, setWish] = useState<{ id: string; at: string; lines: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const [came, setCame] = useState<readonly Came[] | null>(null);
  const take = async () => {
    const asked = wish?.lines === chosen.join() ? wish : { id: nextName(), at: ledgerNow().toISOString(), lines: chosen.join() };
    setWish(asked);
    setBusy(true);
    setError(undefined);
    try {
      const lines = chosen.flatMap((at) => {
        const line = sold.lines[at];
        return line === undefined ? [] : [{ line: at + 1, amount_minor: line.paid_minor, quantity_milli: line.quantity_milli }];
      });
      const body = { id: asked.id, source: SOURCE, occurred_at: asked.at, lines, ...(sold.store === "" ? {} : { store: sold.store }) };
      const told = await reach(() => ask(api.POST("/v1/orders/{order}/returns", { params: { path: { order: sold.id } }, body })));
      setCame(told.points.map((each) => ({ currency: each.currency, points: each.points })));
      keepSold({ ...sold, lines: sold.lines.map((each, at) => (chosen.includes(at) ? { ...each, returned: true } : each)) });
      setChosen([]);
      changed();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const turn = (at: number) => setChosen(chosen.includes(at) ? chosen.filter((each) => each !== at) : [...chosen, at]);
  return (
    <fieldset className="back">
      <legend>{t("register.back")}</legend>
      {sold.lines.map((each, at) => (
        <label key={at} className="check">
          <input type="checkbox" disabled={each.returned || sold.status === "paper"} checked={chosen.includes(at) || each.returned} onChange={() => turn(at)} />
          <span dir="auto">
            {each.name} {money(each.paid_minor, sold.money)} {each.returned && t("register.returned")}
          </span>
        </label>
      ))}
      {came !== null && <p role="status">{t("register.came", { points: came.map((each) => namePoints(document, each.points, each.currency)).join(" · ") || "0" })}</p>}
      {error !== undefined && <Failed error={error} />}
      <Button kind="small" busy={busy} disabled={chosen.length === 0} onClick={() => void take()}>
        {t("register.back.go")}
      </Button>
    </fieldset>
  );
}
