/** A state in a word, with a dot of its colour: the word says it all, so nobody needs to see the colour. */
import "./rows.css";
import type { ReactNode } from "react";

export type Tone = "good" | "bad" | "warn" | "plain";

export function Mark({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`mark mark-${tone}`}>{children}</span>;
}
