/**
 * What was answered last, kept on this device while somebody is signed in: the app opens with it at once, and shows it
 * where there is no network.
 */
import { useEffect, useSyncExternalStore } from "react";
import { Problem } from "../../client";
import { useLanguage } from "../../kit/words";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  /** When `data` came, in milliseconds. */
  readonly at: number;
}
type Load = () => Promise<unknown>;

const PREFIX = "regulars.kept.";
const FRESH_MS = 5_000;
const told = new Map<string, Loaded<unknown>>();
const wanted = new Map<string, { readonly load: Load; uses: number }>();
/** What was asked for since the app was opened: what an earlier visit kept is shown, and asked for again. */
const asked = new Set<string>();
const listeners = new Set<() => void>();

function tell(): void {
  for (const each of listeners) each();
}

const listen = (each: () => void): (() => void) => {
  listeners.add(each);
  return () => listeners.delete(each);
};

function look(key: string): Loaded<unknown> {
  const found = told.get(key);
  if (found !== undefined) return found;
  const kept = read(key) as { at: number; data: unknown } | undefined;
  const made = { data: kept?.data, error: undefined, busy: kept === undefined, at: kept?.at ?? 0 };
  told.set(key, made);
  return made;
}

async function load(key: string, from: Load): Promise<void> {
  asked.add(key);
  told.set(key, { ...look(key), busy: true });
  tell();
  try {
    const data = await from();
    const at = Date.now();
    told.set(key, { data, error: undefined, busy: false, at });
    keep(key, { at, data });
  } catch (error) {
    told.set(key, { ...look(key), error, busy: false });
  }
  tell();
}

/** Gives what `from` answered last, asks again, and draws what comes. `from` has to be the same from one draw to the next. */
export function useLoaded<T>(name: string, from: () => Promise<T>): Loaded<T> {
  const key = `${name} ${useLanguage()}`;
  const now = useSyncExternalStore(listen, () => look(key));
  useEffect(() => {
    const known = wanted.get(key) ?? { load: from, uses: 0 };
    known.uses += 1;
    wanted.set(key, known);
    if (!asked.has(key) || Date.now() - look(key).at > FRESH_MS) void load(key, from);
    return () => {
      known.uses -= 1;
      if (known.uses === 0) wanted.delete(key);
    };
  }, [key, from]);
  return now as Loaded<T>;
}

/**
 * Ask again for all that is on the screen, and later for the rest: something was changed, or the network is back. With
 * a name, for that alone.
 */
export function refresh(name?: string): void {
  const isMeant = (key: string) => name === undefined || key.startsWith(`${name} `);
  for (const [key, each] of told) if (isMeant(key) && !wanted.has(key)) told.set(key, { ...each, at: 0 });
  for (const [key, each] of wanted) if (isMeant(key)) void load(key, each.load);
}

/** Keep something of whoever is signed in. A device that is full forgets the rest first: it is all at the server. */
export function keep(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + key, text);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    forgetKept();
    localStorage.setItem(PREFIX + key, text);
  }
}

/** What was kept by this name; whoever kept it knows what it is. */
export function read(key: string): unknown {
  const text = localStorage.getItem(PREFIX + key);
  return text === null ? undefined : (JSON.parse(text) as unknown);
}

/** Forget what is on the device; what is on the screen stays. */
export function forgetKept(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}

/** Forget all that is somebody's: they signed out, or somebody else signs in. */
export function forget(): void {
  forgetKept();
  told.clear();
  asked.clear();
  tell();
}

export const isSignedOut = (error: unknown): boolean => error instanceof Problem && error.status === 401;
window.addEventListener("online", () => refresh());
