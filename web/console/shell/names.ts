/** Names of what the programme is made of, in the reader's language. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../client";
import { digitsOf, money } from "../../kit/format";
import { knows, language, t, useLanguage } from "../../kit/words";

type Texts = Readonly<Record<string, string>>;

/** A text that comes by language: the reader's, else English, else any, else what it is called in the data. */
export function inLanguage(texts: Texts | null | undefined, otherwise: string): string {
  if (!texts) return otherwise;
  const found = texts[language()] ?? texts[language() === "zh-CN" ? "zh" : "en"] ?? texts["en"] ?? Object.values(texts)[0];
  return found === undefined || found === "" ? otherwise : found;
}

interface Named {
  readonly id?: string;
  readonly name?: Texts;
}
interface Document {
  readonly name?: Texts;
  readonly money?: string;
  readonly activities?: Readonly<Record<string, Named>>;
  readonly currencies?: Readonly<Record<string, Named & { readonly kind?: string }>>;
  readonly offers?: readonly (Named & { readonly mechanic?: string; readonly settings?: unknown })[];
}

export interface Names {
  readonly program: string;
  /** The code of the programme's money, such as USD. */
  readonly money: string;
  readonly currencies: readonly { readonly id: string; readonly name: string; readonly spendable: boolean }[];
  readonly currency: (id: string) => string;
  readonly offer: (id: string) => string;
  readonly level: (id: string) => string;
  /** A kind of activity: what the programme calls it, or what we do. */
  readonly kind: (id: string) => string;
  /** An amount in minor units of the programme's money. */
  readonly amount: (minor: number) => string;
  /** How many minor units one unit of money has: 100. */
  readonly unit: number;
}

/** The names of the live programme; before it is read, and where there is none, things are called what they are in the data. */
export function useNames(): Names {
  useLanguage();
  const { data } = useQuery({ queryKey: ["program"], queryFn: () => ask(api.GET("/v1/program")), staleTime: 300_000 });
  const document = (data?.document ?? {}) as Document;
  const currencies = document.currencies ?? {};
  const offers = new Map((document.offers ?? []).map((each) => [each.id ?? "", each.name]));
  const levels = new Map((document.offers ?? []).flatMap(levelsOf));
  const code = document.money ?? "";
  return {
    program: inLanguage(document.name, ""),
    money: code,
    currencies: Object.entries(currencies).map(([id, each]) => ({ id, name: inLanguage(each.name, id), spendable: each.kind === "spendable" })),
    currency: (id) => inLanguage(currencies[id]?.name, id),
    offer: (id) => inLanguage(offers.get(id), id),
    kind: (id) => kindOf(document.activities ?? {}, id),
    level: (id) => inLanguage(levels.get(id), id),
    amount: (minor) => (code === "" ? String(minor) : money(minor, code)),
    unit: code === "" ? 100 : 10 ** digitsOf(code),
  };
}

/** What the kinds that a programme makes up are called there; the others have their names from us. */
export const kindOf = (own: Readonly<Record<string, Named>>, id: string): string => inLanguage(own[id]?.name, knows(`console.kind.${id}`) ? t(`console.kind.${id}`) : id);

function levelsOf(offer: { readonly settings?: unknown }): [string, Texts | undefined][] {
  const levels = (offer.settings as { readonly levels?: unknown } | undefined)?.levels;
  return Array.isArray(levels) ? (levels as Named[]).map((each) => [each.id ?? "", each.name]) : [];
}
