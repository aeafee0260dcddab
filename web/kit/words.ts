/**
 * Words: a catalogue beside each page in English and Chinese, and no sentence in code.
 *
 * Ours and small, since a library for it weighs a sixth of what the member app may: values in braces, and the plurals
 * of the language by `Intl.PluralRules`.
 */
import { useSyncExternalStore } from "react";

export type Language = "en" | "zh-CN";
/** A folder's words by file, as `import.meta.glob` gives them: `./members/words.en.json`. */
export type Files = Readonly<Record<string, () => Promise<unknown>>>;
export type Values = Readonly<Record<string, string | number>>;

const KEPT = "regulars.language";
const listeners = new Set<() => void>();
const loaded = new Map<Language, ReadonlyMap<string, string>>();
let files: Files = {};
let spoken: ReadonlyMap<string, string> = new Map();
let plurals = new Intl.PluralRules("en");

function choose(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh-CN") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

async function load(language: Language): Promise<ReadonlyMap<string, string>> {
  const wanted = Object.entries(files).filter(([path]) => path.endsWith(`words.${language}.json`));
  const read = await Promise.all(wanted.map(([, each]) => each()));
  return new Map(read.flatMap((each) => Object.entries((each as { default: Record<string, string> }).default)));
}

/** Begin with the words of this app; to be awaited before anything is drawn. */
export async function startWords(given: Files): Promise<void> {
  files = given;
  await speak(choose());
}

/** Speak this language from now on; `keep` remembers it on this device. */
export async function speak(next: Language, keep = false): Promise<void> {
  const words = loaded.get(next) ?? (await load(next));
  loaded.set(next, words);
  spoken = words;
  plurals = new Intl.PluralRules(next);
  document.documentElement.lang = next;
  if (keep) localStorage.setItem(KEPT, next);
  for (const tell of listeners) tell();
}

export const language = (): Language => (document.documentElement.lang === "zh-CN" ? "zh-CN" : "en");

/**
 * The words by a key, with values put in where the words say `{{name}}`. A `count` chooses among `key_one`,
 * `key_other`, … . Keys are whole and literal, so that a check can read them; without words, the key itself is given.
 */
export function t(key: string, values: Values = {}): string {
  const counted = values["count"];
  const plural = typeof counted === "number" ? spoken.get(`${key}_${plurals.select(counted)}`) : undefined;
  const words = plural ?? spoken.get(key) ?? spoken.get(`${key}_other`) ?? key;
  return words.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? new Intl.NumberFormat(language()).format(value) : value;
  });
}

/** Whether there are words by a key that is made up at run time, such as a refusal's code. */
export const knows = (key: string): boolean => spoken.has(key);

/** The words whose keys begin so, each with the rest of its key: what there is to choose from. */
export const wordsOf = (start: string): readonly (readonly [string, string])[] =>
  [...spoken].filter(([key]) => key.startsWith(start)).map(([key, words]) => [key.slice(start.length), words]);

/** The language spoken now; whoever asks is drawn again when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, language);
}
