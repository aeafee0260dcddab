/** The code to show at the till: those of the next hour are kept on this device, so it is shown without a network, too. */
import { useEffect, useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ledgerNow, noteClock } from "../../kit/clock";
import { keep, read } from "../frame/loaded";

type Ahead = Shapes["CodesAhead"];
const KEPT = "codes";
const MINUTES = 60;
/** Codes for less than this many milliseconds are too few to go into a basement with. */
const FEW_MS = 45 * 60_000;
const AGAIN_MS = 10_000;

export interface ShownCode {
  readonly code: string;
  /** For how many more seconds it is shown. */
  readonly seconds: number;
}
export interface Codes {
  readonly now: ShownCode | undefined;
  readonly until: string | undefined;
  readonly error: unknown;
}

function find(ahead: Ahead | undefined, at: Date): ShownCode | undefined {
  const found = ahead?.codes.findLast((each) => new Date(each.shown_from) <= at);
  if (ahead === undefined || found === undefined || new Date(ahead.valid_until) <= at) return undefined;
  const next = ahead.codes[ahead.codes.indexOf(found) + 1]?.shown_from ?? ahead.valid_until;
  return { code: found.code, seconds: Math.ceil((new Date(next).getTime() - at.getTime()) / 1000) };
}

async function fetchCodes(): Promise<Ahead> {
  const told = await ask(api.POST("/v1/me/codes", { params: { query: { minutes: MINUTES } } }));
  noteClock(told.as_of);
  keep(KEPT, told);
  return told;
}

export function useCodes(): Codes {
  const [ahead, setAhead] = useState(() => read(KEPT) as Ahead | undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [, setTick] = useState(0);
  useEffect(() => {
    const tick = setInterval(() => setTick((last) => last + 1), 1000);
    return () => clearInterval(tick);
  }, []);
  useEffect(() => {
    let asked = 0;
    const topUp = () => {
      const kept = read(KEPT) as Ahead | undefined;
      const left = kept === undefined ? 0 : new Date(kept.valid_until).getTime() - ledgerNow().getTime();
      if (left > FEW_MS || Date.now() - asked < AGAIN_MS) return;
      asked = Date.now();
      fetchCodes().then(
        (told) => {
          setAhead(told);
          setError(undefined);
        },
        (thrown: unknown) => setError(thrown),
      );
    };
    topUp();
    const timer = setInterval(topUp, AGAIN_MS);
    window.addEventListener("online", topUp);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", topUp);
    };
  }, []);
  return { now: find(ahead, ledgerNow()), until: ahead?.valid_until, error };
}
