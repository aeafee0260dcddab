/** This till: its name, its store, and the numbers of its sales, which are given once. */
const TILL = "regulars.register.till";
const NUMBER = "regulars.register.number";
const STORE = "regulars.register.store";
const SOLD = "regulars.register.sold";
const SOLD_MAX = 50;

/** Under which source this browser's sales stand in the journal. */
export const SOURCE = "register";

export function tillName(): string {
  const kept = localStorage.getItem(TILL);
  if (kept !== null) return kept;
  const made = `web-${crypto.randomUUID().slice(0, 8)}`;
  localStorage.setItem(TILL, made);
  return made;
}

/** A name that no other sale has, of this till or another. */
export function nextName(): string {
  const number = Number(localStorage.getItem(NUMBER) ?? 0) + 1;
  localStorage.setItem(NUMBER, String(number));
  return `${tillName()}-${number}`;
}

export const keptStore = (): string => localStorage.getItem(STORE) ?? "";
export const keepStore = (store: string): void => localStorage.setItem(STORE, store);

/** A line as it was sold, and what was paid for it in money. */
export interface SoldLine {
  readonly name: string;
  readonly paid_minor: number;
  readonly quantity_milli: number;
  readonly returned: boolean;
}
/** What this till sold: enough to print it again, and to take it back. */
export interface Sold {
  readonly id: string;
  readonly at: string;
  readonly store: string;
  readonly lines: readonly SoldLine[];
  readonly gross_minor: number;
  readonly discount_minor: number;
  readonly points_minor: number;
  /** What vouchers paid of `due_minor`. */
  readonly vouchers_minor?: number;
  readonly due_minor: number;
  readonly money: string;
  readonly member: boolean;
  readonly earned: readonly { readonly points: number; readonly currency: string }[];
  readonly balances: Readonly<Record<string, number>>;
  readonly status: "committed" | "queued" | "paper";
}

export const listSold = (): Sold[] => JSON.parse(localStorage.getItem(SOLD) ?? "[]") as Sold[];

/** Keep a sale, or what has become of it. */
export function keepSold(sold: Sold): void {
  const others = listSold().filter((each) => each.id !== sold.id);
  localStorage.setItem(SOLD, JSON.stringify([sold, ...others].slice(0, SOLD_MAX)));
}
