/** Saving a sketch, and what may come in between: another's change, a lost connection, a programme that is not right. */
import { useState } from "react";
import { api, ask, Problem } from "../../client";
import { asBody, textOf, within, type Settings } from "../programme/document";
import type { Whole, Work } from "./work";

export interface Clash {
  readonly by: string;
  readonly theirs: Whole;
  readonly base: Settings;
}

type Content = { readonly document: Record<string, never> } | { readonly text: string };

async function write(sketch: string, page: number, content: Content): Promise<Whole> {
  const params = { path: { sketch }, header: { "If-Match": `"${page}"` } };
  return ask(api.PUT("/v1/sketches/{sketch}", { params, body: { content, name: null, note: "" } }));
}

export const isChangedByOther = (error: unknown): error is Problem => error instanceof Problem && error.code === "sketch_changed";

async function readClash(sketch: string, work: Work, error: Problem): Promise<Clash> {
  const path = { sketch };
  const theirs = await ask(api.GET("/v1/sketches/{sketch}", { params: { path } }));
  return { by: textOf(within(error.told["context"])["by"]) || theirs.sketch.changed_by, theirs, base: work.base };
}

export function useSaving(sketch: string, work: Work) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [clash, setClash] = useState<Clash | null>(null);

  /** Gives the page that it was saved as; null where it was not. */
  async function put(content: Content, page: number): Promise<number | null> {
    setBusy(true);
    setError(null);
    try {
      const saved = await write(sketch, page, content);
      work.settle(saved);
      setClash(null);
      return saved.sketch.page;
    } catch (failed) {
      try {
        if (isChangedByOther(failed)) setClash(await readClash(sketch, work, failed));
        else setError(failed);
      } catch (unread) {
        setError(unread);
      }
      return null;
    } finally {
      setBusy(false);
    }
  }

  const save = () => put(work.text === null ? { document: asBody(work.now) } : { text: work.text }, work.page);
  const saveJoined = (joined: Settings) => (clash === null ? Promise.resolve(null) : put({ document: asBody(joined) }, clash.theirs.sketch.page));
  /** Of a text there is no putting together: the writer has seen theirs, and goes on from there. */
  const saveOver = () => (clash === null || work.text === null ? Promise.resolve(null) : put({ text: work.text }, clash.theirs.sketch.page));
  return { busy, error, clash, save, saveJoined, saveOver, close: () => setClash(null) };
}
