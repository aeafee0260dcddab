/** What the basket comes to, asked anew a moment after each change. */
import { useEffect, useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { SOURCE, tillName } from "../till/device";
import { keptOffers } from "../till/learned";
import { isAway, reach, useLevel } from "../till/line";
import { toBody, type Line } from "./goods";
import { findOff, type Off } from "./offers";

export type Member = { readonly ref: Shapes["MemberRef"]; readonly id: string; readonly balances: Readonly<Record<string, number>>; readonly state: string; readonly level: string };
export interface Basket {
  readonly lines: readonly Line[];
  readonly member: Member | null;
  readonly coupons: readonly string[];
  readonly pay: { readonly currency: string; readonly points: number } | null;
  readonly store: string;
}
export type Quote = Awaited<ReturnType<typeof askQuote>>;
export interface Quoted {
  readonly quote: Quote | null;
  /** What the till takes off by itself, where the server does not answer. */
  readonly off: readonly Off[];
  readonly error: unknown;
  readonly busy: boolean;
}

const PAUSE_MS = 250;

/** The basket as quotes and orders take it. */
export function describe(basket: Basket, id: string) {
  return {
    id,
    source: SOURCE,
    occurred_at: ledgerNow().toISOString(),
    lines: toBody(basket.lines),
    ...(basket.store === "" ? {} : { store: basket.store }),
    ...(basket.member === null ? {} : { member: basket.member.ref }),
    ...(basket.coupons.length === 0 ? {} : { coupons: [...basket.coupons] }),
    ...(basket.pay === null ? {} : { pay: basket.pay }),
  };
}

const askQuote = (basket: Basket, hints: boolean) =>
  ask(api.POST("/v1/quotes", { body: { ...describe(basket, `${tillName()}-quote`), show: hints ? ["hints", "coupons", "rewards"] : [] } }));

function reckonHere(basket: Basket): Off[] {
  const extract = keptOffers();
  return extract === null ? [] : findOff(extract, basket.lines, basket.coupons, basket.store, ledgerNow());
}

interface Answer {
  readonly of: string;
  readonly quote: Quote | null;
  readonly error: unknown;
}

export function useQuote(basket: Basket): Quoted {
  const level = useLevel();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const asked = JSON.stringify([basket, level]);
  useEffect(() => {
    const [told, at] = JSON.parse(asked) as [Basket, string];
    if (told.lines.length === 0) return;
    let isOver = false;
    const timer = setTimeout(() => {
      reach(() => askQuote(told, at === "D0")).then(
        (quote) => {
          if (!isOver) setAnswer({ of: asked, quote, error: undefined });
        },
        (error: unknown) => {
          if (!isOver) setAnswer({ of: asked, quote: null, error });
        },
      );
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [asked]);
  if (basket.lines.length === 0) return { quote: null, off: [], error: undefined, busy: false };
  if (answer?.of !== asked) return { quote: null, off: [], error: undefined, busy: true };
  return { quote: answer.quote, off: isAway(answer.error) ? reckonHere(basket) : [], error: answer.error, busy: false };
}
