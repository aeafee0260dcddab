/** Offers for everybody, worked out at the till while the server is away: what they come to is what the server would say. */
import type { Shapes } from "../../client";
import type { Extract } from "../till/learned";
import type { Line } from "./goods";

type Offer = Shapes["TillOffer"] & Partial<Shapes["GuardedOffer"]>;
export interface Off {
  readonly offer: string;
  /** From 1 on. */
  readonly line: number;
  readonly amount_minor: number;
  /** What was shown for it; empty: nothing had to be. */
  readonly coupon: string;
}

const WHOLE = 1_000;
const amountOf = (line: Line): number => line.each_minor * line.count;
const meets = (meant: readonly string[], held: readonly string[]): boolean => meant.some((each) => held.includes(each));

function covers(offer: Offer, line: Line): boolean {
  const brand = line.brand === undefined ? [] : [line.brand];
  const isMeant = (meant: readonly string[], held: readonly string[]) => meant.length === 0 || meets(meant, held);
  const isOut = meets(offer.exclude_skus ?? [], [line.sku]) || meets(offer.exclude_categories ?? [], line.categories) || meets(offer.exclude_brands ?? [], brand);
  return isMeant(offer.skus, [line.sku]) && isMeant(offer.categories, line.categories) && isMeant(offer.brands, brand) && !isOut;
}

function isOn(offer: Offer, store: string, channel: string, now: Date): boolean {
  const at = now.getTime();
  const moment = (text: string) => new Date(text).getTime();
  return (
    (offer.since === null || moment(offer.since) <= at) &&
    (offer.until === null || at < moment(offer.until)) &&
    (offer.stores.length === 0 || offer.stores.includes(store)) &&
    (offer.places?.includes(store) ?? true) &&
    (offer.channels?.includes(channel) ?? true) &&
    (offer.open?.some(([begin, end]) => moment(begin) <= at && at < moment(end)) ?? true)
  );
}

/** What is off lines that come to so much: rounded down, in the shop's favour. */
function reckon(offer: Offer, amount: number): number {
  if (offer.permille === null) return Math.min(offer.minor ?? 0, amount);
  const off = Math.floor((amount * offer.permille) / WHOLE);
  return Math.min(off, offer.max_minor ?? off);
}

/** Split in proportion, each part being the growth of the running share rounded down. */
export function spread(minor: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, each) => sum + each, 0);
  let running = 0;
  let before = 0;
  return weights.map((weight) => {
    running += weight;
    const reached = total === 0 ? 0 : Math.floor((minor * running) / total);
    const part = reached - before;
    before = reached;
    return part;
  });
}

/** Each offer on the prices before all of them, and no line for less than nothing. */
export function findOff(extract: Extract, lines: readonly Line[], coupons: readonly string[], store: string, now: Date): Off[] {
  const left = lines.map(amountOf);
  const found: Off[] = [];
  for (const offer of [...extract.offers, ...extract.guarded] as readonly Offer[]) {
    if ((offer.coupon !== "" && !coupons.includes(offer.coupon)) || !isOn(offer, store, "", now)) continue;
    const places = lines.flatMap((line, at) => (covers(offer, line) ? [at] : []));
    const amounts = places.map((at) => amountOf(lines[at] as Line));
    const amount = amounts.reduce((sum, each) => sum + each, 0);
    const milli = places.reduce((sum, at) => sum + (lines[at] as Line).count * 1000, 0);
    if (amount < offer.minimum_minor || milli < (offer.minimum_milli ?? 0)) continue;
    spread(reckon(offer, amount), amounts).forEach((part, number) => {
      const at = places[number] as number;
      const off = Math.min(part, left[at] as number);
      left[at] = (left[at] as number) - off;
      if (off > 0) found.push({ offer: offer.id, line: at + 1, amount_minor: off, coupon: offer.coupon });
    });
  }
  return found;
}
