/** A sketch while somebody works on it: steps back, kept on this device until it is saved. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Shapes } from "../../client";
import { within, type Settings } from "../programme/document";
import { same } from "./merge";

export type Whole = Shapes["SketchWhole"];
const STEPS_MAX = 100;

interface State {
  readonly past: readonly Settings[];
  readonly now: Settings;
  /** What the server had when it was read, under this page. */
  readonly base: Settings;
  readonly page: number;
  /** While the text itself is edited. */
  readonly text: string | null;
  readonly restored: boolean;
}

interface Kept {
  readonly page: number;
  readonly base: Settings;
  readonly now: Settings;
  readonly text: string | null;
}

const keyOf = (sketch: string): string => `regulars.sketch.${sketch}`;

function readKept(sketch: string): Kept | null {
  try {
    const read = within(JSON.parse(localStorage.getItem(keyOf(sketch)) ?? "null"));
    if (typeof read["page"] !== "number") return null;
    const text = read["text"];
    return { page: read["page"], base: within(read["base"]), now: within(read["now"]), text: typeof text === "string" ? text : null };
  } catch {
    localStorage.removeItem(keyOf(sketch)); // written by something else: nothing to go on with
    return null;
  }
}

function begin(whole: Whole): State {
  const kept = readKept(whole.sketch.id);
  const document = within(whole.document);
  const fresh = { past: [], now: document, base: document, page: whole.sketch.page, text: null, restored: false };
  if (kept === null || (same(kept.now, document) && kept.text === null)) return fresh;
  return { past: [document], now: kept.now, base: kept.base, page: kept.page, text: kept.text, restored: true };
}

export interface Work extends State {
  readonly isChanged: boolean;
  readonly change: (next: Settings) => void;
  readonly write: (text: string | null) => void;
  readonly undo: () => void;
  /** What the server answered to a save, or what both together are after a merge. */
  readonly settle: (whole: Whole) => void;
  readonly discard: (whole: Whole) => void;
}

export function useWork(whole: Whole): Work {
  const [state, set] = useState(() => begin(whole));
  const id = whole.sketch.id;
  const isChanged = state.text !== null || !same(state.now, state.base);
  useEffect(() => {
    if (!isChanged) {
      localStorage.removeItem(keyOf(id));
      return;
    }
    const kept: Kept = { page: state.page, base: state.base, now: state.now, text: state.text };
    localStorage.setItem(keyOf(id), JSON.stringify(kept));
  }, [id, isChanged, state]);
  const change = useCallback((next: Settings) => set((old) => ({ ...old, past: [...old.past, old.now].slice(-STEPS_MAX), now: next, restored: false })), []);
  const write = useCallback((text: string | null) => set((old) => ({ ...old, text, restored: false })), []);
  const undo = useCallback(
    () =>
      set((old) => {
        const last = old.past.at(-1);
        return last === undefined ? old : { ...old, past: old.past.slice(0, -1), now: last, restored: false };
      }),
    [],
  );
  const settle = useCallback((saved: Whole) => {
    const document = within(saved.document);
    set((old) => ({ ...old, now: document, base: document, page: saved.sketch.page, text: null, restored: false }));
  }, []);
  const discard = useCallback((saved: Whole) => {
    const document = within(saved.document);
    set({ past: [], now: document, base: document, page: saved.sketch.page, text: null, restored: false });
  }, []);
  return useMemo(() => ({ ...state, isChanged, change, write, undo, settle, discard }), [state, isChanged, change, write, undo, settle, discard]);
}
