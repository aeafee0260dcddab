/** Giving points to somebody else: whom, how many, a look at it, and done. */
import { useState, type SyntheticEvent } from "react";
import { api, ask, newKey } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { t } from "../../kit/words";
import { readContact } from "../entry/contact";
import { refresh } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Button, Empty, Failed, Screen, Sheet } from "../frame/parts";
import { usePresent } from "../frame/present";
import { useMine } from "../frame/session";

interface Typed {
  readonly to: string;
  readonly amount: string;
  readonly currency: string;
}
/** What is to be given, by one name: however often it is sent, it counts once. */
interface Gift {
  readonly of: string;
  readonly id: string;
  readonly occurred_at: string;
  readonly to: string;
  readonly points: number;
  readonly currency: string;
}

export default function Give() {
  const { member, burning } = useMine();
  const { program } = useNaming();
  const held = member.balances.filter((each) => program?.currencies.find((of) => of.currency === each.currency)?.kind === "spendable");
  return (
    <Screen title={t("member.give")} back="/mine">
      <p className="soft">{t("member.give.about")}</p>
      {burning === "off" && <p className="note">{t("member.frozen")}</p>}
      {held.length === 0 ? <Empty>{t("member.give.nothing")}</Empty> : <Form currencies={held.map((each) => each.currency)} />}
    </Screen>
  );
}

function Form({ currencies }: { currencies: readonly string[] }) {
  const { member } = useMine();
  const naming = useNaming();
  const [typed, setTyped] = useState<Typed>({ to: "", amount: "", currency: currencies[0] ?? "" });
  const [gift, setGift] = useState<Gift | null>(null);
  const [open, setOpen] = useState(false);
  const scale = 10 ** (naming.program?.currencies.find((each) => each.currency === typed.currency)?.scale ?? 0);
  const available = member.balances.find((each) => each.currency === typed.currency)?.available ?? 0;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const of = JSON.stringify(typed);
    if (gift?.of !== of) setGift({ of, id: newKey(), occurred_at: ledgerNow().toISOString(), to: typed.to.trim(), points: Math.round(Number(typed.amount) * scale), currency: typed.currency });
    setOpen(true);
  };
  return (
    <>
      <form onSubmit={submit} className="form">
        <label>
          {t("member.give.to")}
          <input value={typed.to} onChange={(event) => setTyped({ ...typed, to: event.target.value })} autoComplete="off" inputMode="email" required maxLength={200} />
        </label>
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
          {t("member.give.amount")}
          <input type="number" value={typed.amount} onChange={(event) => setTyped({ ...typed, amount: event.target.value })} inputMode={scale === 1 ? "numeric" : "decimal"} required min={1 / scale} max={available / scale} step={1 / scale} aria-describedby="have" />
        </label>
        <p className="have" id="have">
          {t("member.rewards.have", { points: naming.points(available, typed.currency) })}
        </p>
        <Button kind="main" type="submit">
          {t("member.give.next")}
        </Button>
      </form>
      {open && gift !== null && <Sure gift={gift} left={available - gift.points} onClose={() => setOpen(false)} done={() => setTyped({ ...typed, to: "", amount: "" })} />}
    </>
  );
}

function Sure({ gift, left, onClose, done }: { gift: Gift; left: number; onClose: () => void; done: () => void }) {
  const naming = useNaming();
  const present = usePresent();
  // As it is asked about: what is held is less once it is given.
  const [kept] = useState(left);
  const [given, setGiven] = useState(false);
  const give = () =>
    present.run(async () => {
      const { id, occurred_at, currency, points } = gift;
      await ask(api.POST("/v1/me/activities", { body: { id, occurred_at, kind: "gift", ask: { currency, points }, to: readContact(gift.to) } }));
      setGiven(true);
      done();
      refresh();
    });
  return (
    <Sheet title={t(given ? "member.give.done" : "member.give.sure")} onClose={onClose}>
      <dl className="sum">
        <dt>{t("member.give.for")}</dt>
        <dd>
          <bdi>{gift.to}</bdi>
        </dd>
        <dt>{t("member.give.amount")}</dt>
        <dd>{naming.points(gift.points, gift.currency)}</dd>
        <dt>{t("member.give.left")}</dt>
        <dd>{naming.points(kept, gift.currency)}</dd>
      </dl>
      {given ? (
        <p role="status">{t("member.give.there")}</p>
      ) : (
        <p className="note">{t("member.give.final")}</p>
      )}
      {present.error !== undefined && <Failed error={present.error} />}
      {given ? (
        <Button kind="main" onClick={onClose}>
          {t("member.close")}
        </Button>
      ) : (
        <Button kind="main" busy={present.busy} onClick={give}>
          {t("member.give.go")}
        </Button>
      )}
      {present.sheet}
    </Sheet>
  );
}
