/** What rules are called, and what they say, in the reader's words. */
import type { Shapes } from "../../client";
import { count } from "../../kit/format";
import { knows, t } from "../../kit/words";

export type Rule = Shapes["VelocityRule"];
export type Rules = Shapes["FraudRules"];
export type Unit = "minutes" | "hours" | "days";
/** How many minutes a unit has; the largest first. */
export const UNITS: readonly (readonly [Unit, number])[] = [
  ["days", 1440],
  ["hours", 60],
  ["minutes", 1],
];

/** By its words where it is one of those that come along, else by the id that somebody gave it. */
export const ruleName = (id: string): string => (knows(`fraud.rule.${id}`) ? t(`fraud.rule.${id}`) : id);

/** A span in the largest unit that it is a whole number of. */
export function spanOf(minutes: number): { readonly span: number; readonly unit: Unit } {
  const [unit, size] = UNITS.find(([, each]) => minutes % each === 0) ?? (["minutes", 1] as const);
  return { span: minutes / size, unit };
}

export const minutesOf = (span: number, unit: Unit): number => span * (UNITS.find(([each]) => each === unit)?.[1] ?? 1);

/** What a rule says: more than 12 activities by one cashier and one member within 7 days. */
export function sayRule(rule: Rule): string {
  const { span, unit } = spanOf(rule.minutes);
  return t("fraud.rule.says", {
    most: count(rule.more_than),
    what: t(`fraud.counts.${rule.counts ?? "activities"}`),
    per: t(`fraud.per.${rule.per}`),
    span: t(`fraud.span.${unit}`, { count: span }),
  });
}

/** Puts a rule in the place of the one of its id, or after all others. */
export const putRule =
  (rule: Rule) =>
  (now: Rules): Rules => ({ ...now, velocity: now.velocity.some((each) => each.id === rule.id) ? now.velocity.map((each) => (each.id === rule.id ? rule : each)) : [...now.velocity, rule] });
