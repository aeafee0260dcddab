/** A programme's document as pages read it: what every offer has, and settings as they come. */
import { ledgerNow } from "../../kit/clock";
import { language } from "../../kit/words";

export type Names = Readonly<Record<string, string>>;
export type Value = string | number | boolean | null | readonly Value[] | Settings;
export interface Settings {
  readonly [name: string]: Value | undefined;
}

export interface Offer extends Settings {
  readonly id: string;
  readonly mechanic: string;
  readonly on: readonly string[];
  readonly settings: Settings;
}

export interface Document extends Settings {
  readonly program: string;
  readonly money: string;
  readonly time_zone: string;
}

const isSettings = (value: unknown): value is Settings => typeof value === "object" && value !== null && !Array.isArray(value);
/** Reads what may be an object; anything else has nothing in it. */
export const within = (value: unknown): Settings => (isSettings(value) ? value : {});
/** A value as a text to show; an object or a list has none. */
export const plainOf = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "");
export const listed = (value: unknown): readonly Value[] => (Array.isArray(value) ? (value as Value[]) : []);
export const texts = (value: unknown): readonly string[] => listed(value).filter((each) => typeof each === "string");
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** What people call something, in the reader's language, or else in another, or else by its id. */
export function called(names: unknown, otherwise: string): string {
  const told = within(names);
  return textOf(told[language()]) || textOf(told["en"]) || textOf(Object.values(told)[0]) || otherwise;
}

export const documentOf = (value: unknown): Document => {
  const read = within(value);
  return { ...read, program: textOf(read["program"]), money: textOf(read["money"]) || "USD", time_zone: textOf(read["time_zone"]) || "UTC" };
};

export const offerOf = (value: unknown): Offer => {
  const read = within(value);
  return { ...read, id: textOf(read["id"]), mechanic: textOf(read["mechanic"]), on: texts(read["on"]), settings: within(read["settings"]) };
};

export const offersOf = (document: Settings): readonly Offer[] => listed(document["offers"]).map(offerOf);

export type Stand = "running" | "coming" | "over";

/** Whether an offer runs today, where the programme is. Dates compare as texts. */
export function standOf(offer: Offer, zone: string, now: Date = ledgerNow()): Stand {
  const schedule = within(offer["schedule"]);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
  const [from, until] = [textOf(schedule["from"]), textOf(schedule["until"])];
  if (from !== "" && today < from) return "coming";
  return until !== "" && today > until ? "over" : "running";
}

/** A document as a request's body: the client's types know of it only that it is an object. */
export const asBody = (document: Settings): Record<string, never> => document as unknown as Record<string, never>;
