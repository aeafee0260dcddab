/** The sale itself: told to the server at once, or kept until it can be told, or written on paper. */
import { api, ask, Problem, type Shapes } from "../../client";
import { keepSold, SOURCE, tillName, type Sold } from "../till/device";
import { isAway, reach, type Level } from "../till/line";
import { enqueue, type Told } from "../till/queue";
import type { Voucher } from "../till/tokens";
import { noteTaken } from "../till/vouchers";
import { grossOf, toBody, type Line } from "./goods";
import { spread, type Off } from "./offers";
import { describe, type Basket, type Quote, type Quoted } from "./quoting";

type Discount = Pick<Shapes["Discount"], "line" | "amount_minor">;
type Body = ReturnType<typeof describe>;

export interface Sale {
  readonly basket: Basket;
  readonly quoted: Quoted;
  readonly vouchers: readonly Voucher[];
  readonly name: string;
  readonly money: string;
  readonly level: Level;
}

/** What was taken off each line; what is off the whole basket (line 0) is spread over them. */
function offByLine(lines: readonly Line[], discounts: readonly Discount[]): number[] {
  const whole = discounts.filter((each) => each.line === 0).reduce((sum, each) => sum + each.amount_minor, 0);
  const shares = spread(whole, lines.map((each) => each.each_minor * each.count));
  return shares.map((share, at) => discounts.filter((each) => each.line === at + 1).reduce((sum, each) => sum + each.amount_minor, share));
}

/**
 * What the till would tell whoever may ask later. Coupons that the server quoted are its to use up: it works the price
 * out again. Everything else is told at the prices that were paid; points pay nothing, for only the server takes them.
 */
function asActivity(basket: Basket, { id, occurred_at }: Body, quote: Quote | null, off: readonly Off[]): Told {
  const isPriced = quote !== null && basket.coupons.length > 0;
  const told = describe({ ...basket, pay: null, coupons: isPriced ? basket.coupons : [] }, id);
  const member = told.member ?? { identifier: { kind: "receipt", value: `${SOURCE}:${id}` } };
  const shown = { ...told, occurred_at, kind: "purchase", member };
  if (isPriced) return { ...shown, to_price: true };
  const plain = offByLine(basket.lines, quote === null ? off.filter((each) => each.coupon === "") : quote.discounts);
  const coupons = offByLine(basket.lines, quote === null ? off.filter((each) => each.coupon !== "") : []);
  const lines = toBody(basket.lines).map((line, at) => {
    const [less, coupon] = [plain[at] ?? 0, coupons[at] ?? 0];
    return { ...line, amount_minor: line.amount_minor - less - coupon, ...(less > 0 ? { shelf_discount_minor: less } : {}), ...(coupon > 0 ? { coupon_discount_minor: coupon } : {}) };
  });
  return { ...shown, lines };
}

/** A sale as the customer was told of it: what is off, and what is to be paid but for vouchers. */
function draw({ basket, quoted, name, money, vouchers }: Sale, at: string, status: Sold["status"]): Sold {
  const off = offByLine(basket.lines, quoted.quote?.discounts ?? quoted.off);
  const discount = off.reduce((sum, each) => sum + each, 0);
  const due = grossOf(basket.lines) - discount;
  return {
    id: name,
    at,
    money,
    status,
    store: basket.store,
    lines: basket.lines.map((each, line) => ({ name: each.name, paid_minor: each.each_minor * each.count - (off[line] ?? 0), quantity_milli: each.count * 1000, returned: false })),
    gross_minor: grossOf(basket.lines),
    discount_minor: discount,
    points_minor: 0,
    vouchers_minor: worthOf(vouchers, due),
    due_minor: due,
    member: basket.member !== null,
    earned: [],
    balances: {},
  };
}

/** What vouchers pay of so much: each is used whole, and no change is given. */
export const worthOf = (vouchers: readonly Voucher[], due: number): number => Math.min(due, vouchers.reduce((sum, each) => sum + each.worth_minor, 0));

/** Sell. A refusal of the server is thrown; that nobody can be reached is none. */
export async function sell(sale: Sale): Promise<Sold> {
  const { basket, quoted, vouchers, name, level } = sale;
  const told = describe(basket, name);
  const order = { ...told, ...(quoted.quote === null ? {} : { due_minor: quoted.quote.totals.due_minor }) };
  const sold = draw(sale, told.occurred_at, "committed");
  try {
    const done = await reach(() => ask(api.POST("/v1/orders", { body: order })));
    const off = offByLine(basket.lines, done.receipt.discounts);
    await keepVouchers(vouchers, told);
    return keep({
      ...sold,
      lines: sold.lines.map((each, at) => ({ ...each, paid_minor: lineGross(basket, at) - (off[at] ?? 0) })),
      discount_minor: done.totals.discount_minor,
      points_minor: done.totals.points_minor,
      vouchers_minor: worthOf(vouchers, done.totals.due_minor),
      due_minor: done.totals.due_minor,
      earned: done.earned,
      balances: done.receipt.balances,
    });
  } catch (error) {
    if (!isAway(error)) throw error;
    if (level === "D4") return keep({ ...sold, status: "paper" });
    await enqueue({ id: name, told: asActivity(basket, told, quoted.quote, quoted.off), order, due_minor: sold.due_minor });
    await keepVouchers(vouchers, told);
    return keep({ ...sold, status: "queued" });
  }
}

const lineGross = (basket: Basket, at: number): number => grossOf(basket.lines.slice(at, at + 1));

/** Vouchers that were taken are told of like any sale: when the server listens, once each. */
async function keepVouchers(vouchers: readonly Voucher[], { id, occurred_at, store }: Body): Promise<void> {
  noteTaken(vouchers);
  for (const [at, each] of vouchers.entries()) {
    const told: Told = { id: `${id}-v${at + 1}`, source: SOURCE, kind: "voucher_used", occurred_at, member: { id: each.member }, ask: { voucher: each.id }, data: { till: tillName() }, ...(store === undefined ? {} : { store }) };
    await enqueue({ id: told.id, told });
  }
}

function keep(sold: Sold): Sold {
  keepSold(sold);
  return sold;
}

/** The total that the server came to, where it was another than the one that was shown. */
export const otherTotal = (error: unknown): number | undefined => {
  if (!(error instanceof Problem) || error.code !== "total_differs") return undefined;
  const told = error.told["context"] as { due_minor?: number } | undefined;
  return told?.due_minor ?? (typeof error.told["due_minor"] === "number" ? error.told["due_minor"] : undefined);
};
