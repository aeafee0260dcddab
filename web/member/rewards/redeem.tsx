/** Taking a reward: one of its ways to pay, a look at what is left, and done. */
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { t } from "../../kit/words";
import { ledgerNow } from "../../kit/clock";
import { refresh } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Button, Failed, Sheet } from "../frame/parts";
import { usePresent } from "../frame/present";
import { useMine } from "../frame/session";
import { price } from "./rewards";

type Offered = Shapes["MyReward"];

export function Redeem({ of: { reward, ways }, onClose }: { of: Offered; onClose: () => void }) {
  const naming = useNaming();
  const { member } = useMine();
  const present = usePresent();
  const open = ways.filter((each) => each.available);
  const [way, setWay] = useState(open[0]?.way ?? 0);
  const [done, setDone] = useState(false);
  // One name for one wish: however often it is sent, it counts once.
  const [asked] = useState(() => ({ id: newKey(), occurred_at: ledgerNow().toISOString() }));
  const chosen = ways.find((each) => each.way === way);
  const left = chosen === undefined ? 0 : (member.balances.find((each) => each.currency === chosen.currency)?.available ?? 0) - chosen.points;
  const redeem = () =>
    present.run(async () => {
      await ask(api.POST("/v1/me/activities", { body: { ...asked, kind: "reward", ask: { reward: reward.reward, way } } }));
      setDone(true);
      refresh();
    });
  if (done)
    return (
      <Sheet title={t("member.redeem.done")} onClose={onClose}>
        <p dir="auto">{reward.title}</p>
        <p>{t(reward.sort === "coupon" ? "member.redeem.coupon" : reward.fulfilment === "at_once" ? "member.redeem.given" : "member.redeem.wait")}</p>
        <Button kind="main" onClick={onClose}>
          {t("member.close")}
        </Button>
      </Sheet>
    );
  return (
    <Sheet title={t("member.redeem.sure")} onClose={onClose}>
      <p dir="auto" className="levelname">
        {reward.title}
      </p>
      {open.length > 1 && (
        <fieldset>
          <legend>{t("member.redeem.way")}</legend>
          {open.map((each) => (
            <label key={each.way} className="check">
              <input type="radio" name="way" checked={way === each.way} onChange={() => setWay(each.way)} />
              <span>{price(each, naming)}</span>
            </label>
          ))}
        </fieldset>
      )}
      {chosen !== undefined && (
        <dl className="sum">
          <dt>{t("member.redeem.price")}</dt>
          <dd>{price(chosen, naming)}</dd>
          <dt>{t("member.redeem.left")}</dt>
          <dd>{naming.points(left, chosen.currency)}</dd>
        </dl>
      )}
      {reward.collect_days !== null && <p className="soft">{t("member.redeem.collect", { count: reward.collect_days })}</p>}
      {present.error !== undefined && <Failed error={present.error} />}
      <Button kind="main" busy={present.busy} onClick={redeem}>
        {t("member.redeem.go")}
      </Button>
      {present.sheet}
    </Sheet>
  );
}
