/** Numbers, money and times as the reader's language writes them. */
import { ledgerNow } from "./clock";
import { language } from "./words";

type Digits = Intl.NumberFormatOptions;
const made = new Map<string, Intl.NumberFormat>();

function numbers(options: Digits): Intl.NumberFormat {
  const key = language() + JSON.stringify(options);
  const found = made.get(key) ?? new Intl.NumberFormat(language(), options);
  made.set(key, found);
  return found;
}

/** A whole number, such as points. */
export const count = (value: number | bigint): string => numbers({}).format(value);
/** A large number in short: 1.2M, 120万. */
export const short = (value: number): string => numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value);
/** With its sign, as in a statement. */
export const signed = (value: number): string => numbers({ signDisplay: "exceptZero" }).format(value);
/** A share: 0.042 is 4.2 %. */
export const share = (value: number): string => numbers({ style: "percent", maximumFractionDigits: 1 }).format(value);

/** How many digits of minor units a currency has: 2 for USD and CNY, 0 for JPY. */
export const digitsOf = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** Money in whole minor units (cents, fen). */
export function money(minor: number, currency: string): string {
  try {
    const places = digitsOf(currency);
    return numbers({ style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(minor / 10 ** places);
  } catch {
    return `${count(minor)} ${currency}`; // no currency of the world: told as it stands
  }
}

const time = (options: Intl.DateTimeFormatOptions, at: string | Date): string =>
  new Intl.DateTimeFormat(language(), options).format(typeof at === "string" ? new Date(at) : at);
export const date = (at: string | Date): string => time({ dateStyle: "medium" }, at);
export const dateTime = (at: string | Date): string => time({ dateStyle: "medium", timeStyle: "short" }, at);
/** The time of day alone, of a moment that is near. */
export const timeOfDay = (at: string | Date): string => time({ timeStyle: "short" }, at);
/** A day that has no time zone, such as a business day: 2026-03-01. */
export const day = (value: string): string => time({ dateStyle: "medium", timeZone: "UTC" }, `${value}T00:00:00Z`);

/** How far away a moment is: in 3 days, 2 hours ago. */
export function ago(at: string, now: Date = ledgerNow()): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? (["second", 1] as const);
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
