/** What this till asks for while it has a line, and keeps for when it has none: keys, revoked vouchers, offers for everybody. */
import { api, ask, type Shapes } from "../../client";
import { noteClock } from "../../kit/clock";
import { isAway, reach } from "./line";
import type { Keys } from "./tokens";

export type Extract = Shapes["TillOffers"];

const KEYS = "regulars.register.keys";
const OFFERS = "regulars.register.offers";
const EVERY_MS = 300_000;

const keep = (name: string, told: unknown): void => localStorage.setItem(name, JSON.stringify(told));

function read(name: string): unknown {
  const kept = localStorage.getItem(name);
  return kept === null ? null : (JSON.parse(kept) as unknown);
}

export const keptKeys = (): Keys | null => read(KEYS) as Keys | null;
export const keptOffers = (): Extract | null => read(OFFERS) as Extract | null;

export async function learnKeys(): Promise<void> {
  keep(KEYS, await reach(() => ask(api.GET("/v1/tills/keys"))));
}

async function learnOffers(): Promise<void> {
  const told = await reach(() => ask(api.GET("/v1/tills/offers")));
  noteClock(told.as_of);
  keep(OFFERS, told);
}

/** Ask now and every few minutes. `withKeys`: whether who is at the till may take vouchers. */
export function startLearning(withKeys: boolean, failed: (error: unknown) => void): () => void {
  const learn = () => {
    Promise.all([learnOffers(), withKeys ? learnKeys() : undefined]).catch((error: unknown) => {
      // Without a line it is what was learned last that counts, as on any day without one.
      if (!isAway(error)) failed(error);
    });
  };
  learn();
  const timer = setInterval(learn, EVERY_MS);
  return () => clearInterval(timer);
}
