/**
 * The line between this till and the server, with an outage to practise on: what is sent goes through here, and here it
 * is slowed down, refused or lost, as whoever trains has chosen.
 */
import { useSyncExternalStore } from "react";
import { OFFLINE, Problem } from "../../client";

/** From a server that answers to a till that cannot even write. */
export const LEVELS = ["D0", "D1", "D2", "D3", "D4"] as const;
export type Level = (typeof LEVELS)[number];
const SLOW_MS = 1_200;
let level: Level = "D0";
const listeners = new Set<() => void>();

export function pretend(next: Level): void {
  level = next;
  for (const each of listeners) each();
}

/** What is pretended now. */
export function useLevel(): Level {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => level,
  );
}

/** Whether a server that cannot be reached, or cannot work, is no reason not to sell. */
export const isAway = (error: unknown): boolean => error instanceof Problem && (error.code === OFFLINE || error.status >= 500 || error.status === 408 || error.status === 429);

/** Ask the server something, over the line as it is now. */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  if (level === "D1") await new Promise((done) => setTimeout(done, SLOW_MS));
  if (level === "D2") throw new Problem("engine_down", 503, "The server is there and cannot work.");
  if (level === "D3" || level === "D4") throw new Problem(OFFLINE, 0, "The line is cut.");
  return await work();
}
