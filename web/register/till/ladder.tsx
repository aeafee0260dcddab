/** The ladder: a switch for the outage that is practised, what works on each step, and what waits to be sent. */
import { useEffect, useState } from "react";
import { t } from "../../kit/words";
import { LEVELS, pretend, useLevel, type Level } from "./line";
import { Button } from "./parts";
import { drain, useQueue, type Drained } from "./queue";

const NAMES = { D0: "register.level.d0", D1: "register.level.d1", D2: "register.level.d2", D3: "register.level.d3", D4: "register.level.d4" } as const;
const WORKS = { D0: "register.works.d0", D1: "register.works.d1", D2: "register.works.d2", D3: "register.works.d3", D4: "register.works.d4" } as const;

export function Ladder() {
  const level = useLevel();
  const queue = useQueue();
  const [drained, setDrained] = useState<Drained | null>(null);
  const [busy, setBusy] = useState(false);
  const waiting = queue.filter((each) => each.aside === undefined).length;
  const aside = queue.filter((each) => each.aside !== undefined);
  const isUp = level === "D0" || level === "D1";
  const send = () => {
    setBusy(true);
    void drain()
      .then(setDrained)
      .finally(() => setBusy(false));
  };
  useEffect(() => {
    // Back again: what waits is sent by itself, as a till does.
    if (isUp && waiting > 0) void drain().then(setDrained);
  }, [isUp, waiting]);
  return (
    <>
      <fieldset className="ladder">
        <legend>{t("register.pretend")}</legend>
        {LEVELS.map((each: Level) => (
          <label key={each} className={each === level ? "step on" : "step"}>
            <input type="radio" name="level" checked={each === level} onChange={() => pretend(each)} />
            <b>{each}</b> <span>{t(NAMES[each])}</span>
          </label>
        ))}
      </fieldset>
      <p role="status" className={isUp ? "works" : "works down"}>
        {t(WORKS[level])}
      </p>
      <p role="status" data-waiting={waiting}>
        {t("register.waiting", { count: waiting })} {drained !== null && drained.sent > 0 && t("register.drained", { count: drained.sent })}
      </p>
      {waiting > 0 && (
        <Button busy={busy} onClick={send}>
          {t("register.send")}
        </Button>
      )}
      {aside.length > 0 && (
        <>
          <p className="failed">{t("register.aside", { count: aside.length })}</p>
          <ul className="rows">
            {aside.map((each) => (
              <li key={each.id}>
                <code>{each.id}</code> <code>{each.aside}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
