/** Names of the programme, in the reader's language. */
import { count, money } from "../../kit/format";
import { language, t } from "../../kit/words";
import type { Document } from "../till/till";

export function choose(names: Readonly<Record<string, string>> | undefined): string {
  if (names === undefined) return "";
  return names[language()] ?? names["en"] ?? Object.values(names)[0] ?? "";
}

export const nameOffer = (document: Document, id: string): string => {
  const found = document.offers.find((each) => each.id === id);
  return choose(found?.name) || choose(found?.settings["title"] as Readonly<Record<string, string>> | undefined) || id;
};
export const namePoints = (document: Document, points: number, currency: string): string => t("register.points", { points: count(points), name: choose(document.currencies[currency]?.name) || currency });
export const cash = (document: Document, minor: number): string => money(minor, document.money);
export const isSpendable = (document: Document, currency: string): boolean => document.currencies[currency]?.kind === "spendable";
