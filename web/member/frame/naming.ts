/** What things are called and counted in: by the programme, in the reader's language. */
import { api, ask, type Shapes } from "../../client";
import { money } from "../../kit/format";
import { language, t } from "../../kit/words";
import { noteClock } from "../../kit/clock";
import { useLoaded } from "./loaded";

export type Program = Shapes["MyProgram"];
type Names = Readonly<Record<string, string>>;

/** The name in the reader's language, else in any. */
export function choose(names: Names | null | undefined): string {
  if (names === null || names === undefined) return "";
  const spoken = language();
  return names[spoken] ?? names[spoken.slice(0, 2)] ?? Object.values(names)[0] ?? "";
}

const loadProgram = async (): Promise<Program> => {
  const told = await ask(api.GET("/v1/me/program"));
  noteClock(told.as_of);
  return told;
};

export interface Naming {
  readonly program: Program | undefined;
  readonly currency: (id: string) => string;
  /** An amount of a currency, without its name. */
  readonly amount: (value: number, currency: string, signed?: boolean) => string;
  /** An amount with its name: 120 points. */
  readonly points: (value: number, currency: string) => string;
  readonly offer: (id: string) => string;
  readonly money: (minor: number) => string;
  /** What so many points are worth in money; empty where they are worth none. */
  readonly worth: (value: number, currency: string) => string;
}

/** How the programme names things. Before it is known, by their ids. */
export function useNaming(): Naming {
  const { data: program } = useLoaded("program", loadProgram);
  const find = (id: string) => program?.currencies.find((each) => each.currency === id);
  const currency = (id: string): string => choose(find(id)?.name) || id;
  const amount = (value: number, id: string, signed = false): string => {
    const digits = find(id)?.scale ?? 0;
    const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: signed ? "exceptZero" : "auto" } as const;
    return new Intl.NumberFormat(language(), shown).format(value / 10 ** digits);
  };
  const cash = (minor: number): string => (program === undefined ? String(minor) : money(minor, program.money));
  return {
    program,
    currency,
    amount,
    points: (value, id) => t("member.points", { amount: amount(value, id), name: currency(id) }),
    offer: (id) => choose(program?.offers[id]) || id,
    money: cash,
    worth: (value, id) => {
      const worth = find(id)?.worth;
      return worth ? cash(Math.floor((value * worth.minor) / worth.per_points)) : "";
    },
  };
}

