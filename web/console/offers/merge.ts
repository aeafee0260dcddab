/** Two people changed one programme: what each did, offer by offer, and both put together. */
import { listed, textOf, within, type Settings, type Value } from "../programme/document";

export type Side = "mine" | "theirs";

/** One offer, or one setting of the programme, that somebody changed. */
export interface Part {
  /** `offer:` and its id, or the setting's name, with its part's where it is divided. */
  readonly key: string;
  readonly mine: Value | undefined;
  readonly theirs: Value | undefined;
  /** Whose change it is; `both` where both changed it, each in another way. */
  readonly by: Side | "both";
}

const OFFER = "offer:";
/** Settings of which each part is merged by itself: one currency, one list of the catalogue. */
const DIVIDED: readonly string[] = ["currencies", "catalog", "calendars", "activities"];
const PART = "/";
/** The setting and its part, of a setting that is divided. */
export const partIn = (key: string): readonly [string, string] | null => {
  const [outer = "", ...inner] = key.split(PART);
  return DIVIDED.includes(outer) && inner.length > 0 ? [outer, inner.join(PART)] : null;
};
export const offerIn = (key: string): string | null => (key.startsWith(OFFER) ? key.slice(OFFER.length) : null);

/** The same text for the same value, whatever order its settings were written in. */
export function fixed(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1))) : each,
  );
}
export const same = (one: unknown, other: unknown): boolean => one === other || fixed(one) === fixed(other);

/** A document as parts that are merged one by one: its offers by id, and its other settings. */
function parts(document: Settings): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const [name, value] of Object.entries(document)) {
    if (name === "offers" || value === undefined) continue;
    if (!DIVIDED.includes(name)) found.set(name, value);
    else for (const [inner, each] of Object.entries(within(value))) if (each !== undefined) found.set(name + PART + inner, each);
  }
  for (const offer of listed(document["offers"])) found.set(OFFER + textOf(within(offer)["id"]), offer);
  return found;
}

export function compare(base: Settings, mine: Settings, theirs: Settings): readonly Part[] {
  const [was, here, there] = [parts(base), parts(mine), parts(theirs)];
  const keys = [...new Set([...was.keys(), ...there.keys(), ...here.keys()])];
  return keys.flatMap((key): Part[] => {
    const [old, one, other] = [was.get(key), here.get(key), there.get(key)];
    if (same(one, other)) return [];
    const by = same(old, other) ? "mine" : same(old, one) ? "theirs" : "both";
    return [{ key, mine: one, theirs: other, by }];
  });
}

/** Puts both together: what one changed is taken, what both changed as was chosen. The order is theirs. */
export function join(mine: Settings, theirs: Settings, found: readonly Part[], chosen: ReadonlyMap<string, Side>): Settings {
  const made = new Map(parts(theirs));
  for (const part of found) {
    const side = part.by === "both" ? (chosen.get(part.key) ?? "mine") : part.by;
    if (side === "theirs") continue;
    if (part.mine === undefined) made.delete(part.key);
    else made.set(part.key, part.mine);
  }
  const offers = [...made].filter(([key]) => offerIn(key) !== null).map(([, offer]) => offer);
  const plain = Object.fromEntries([...made].filter(([key]) => offerIn(key) === null && partIn(key) === null));
  const others = { ...plain, ...Object.fromEntries(DIVIDED.filter((name) => name in mine || name in theirs).map((name) => [name, gathered(made, name)])) };
  return offers.length > 0 || mine["offers"] !== undefined ? { ...others, offers } : others;
}

/** A divided setting, put together again. */
function gathered(made: ReadonlyMap<string, Value>, name: string): Settings {
  return Object.fromEntries(
    [...made].flatMap(([key, value]) => {
      const part = partIn(key);
      return part?.[0] === name ? [[part[1], value]] : [];
    }),
  );
}

/** The settings in which two values differ, each with its path. */
export function differences(one: Value | undefined, other: Value | undefined, path = ""): readonly { path: string; mine: string; theirs: string }[] {
  if (same(one, other)) return [];
  const isOpen = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isOpen(one) || !isOpen(other)) return [{ path, mine: say(one), theirs: say(other) }];
  const [left, right] = [within(one), within(other)];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((name) => differences(left[name], right[name], path === "" ? name : `${path}.${name}`));
}

const say = (value: Value | undefined): string => (value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));
