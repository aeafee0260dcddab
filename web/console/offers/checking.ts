/** What is wrong with a programme that is being worked on, by path; and what its offers say in words. */
import { useMemo, useState } from "react";
import { api, ask, Problem, type Shapes } from "../../client";
import { asBody, listed, textOf, within } from "../programme/document";
import { useLang } from "../programme/asking";
import type { Work } from "./work";

export interface Wrong {
  readonly path: string;
  readonly message: string;
  readonly line: number;
}

interface Checked {
  /** Of what it was said: the document or text as it was then. */
  readonly of: unknown;
  readonly wrong: readonly Wrong[];
  readonly words: readonly Shapes["OfferWords"][];
}

/** The problems that a refusal tells, as drafting does. */
export function wrongOf(error: unknown): readonly Wrong[] {
  if (!(error instanceof Problem) || error.code !== "program_invalid") return [];
  return listed(within(error.told["context"])["problems"]).map((each) => {
    const told = within(each);
    return { path: textOf(told["path"]), message: textOf(told["message"]), line: typeof told["line"] === "number" ? told["line"] : 0 };
  });
}

export function useChecking(work: Work) {
  const lang = useLang();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [checked, setChecked] = useState<Checked | null>(null);
  const of = work.text ?? work.now;

  async function check(): Promise<boolean> {
    setBusy(true);
    setError(null);
    try {
      const body = work.text === null ? { document: asBody(work.now) } : { text: work.text };
      const found = await ask(api.POST("/v1/programs/check", { body }));
      const said = found.valid ? await ask(api.POST("/v1/programs/words", { params: { query: { lang } }, body })) : null;
      setChecked({ of, wrong: found.problems, words: said?.offers ?? [] });
      return found.valid;
    } catch (failed) {
      setError(failed);
      return false;
    } finally {
      setBusy(false);
    }
  }

  const blame = (wrong: readonly Wrong[]) => setChecked({ of, wrong, words: [] });
  const faults = useMemo(() => new Map(checked?.wrong.map((each) => [each.path, each.message])), [checked]);
  return { busy, error, checked, isFresh: checked !== null && checked.of === of, faults, check, blame };
}
