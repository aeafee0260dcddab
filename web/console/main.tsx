import "../kit/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { api } from "../client";
import { noteClock } from "../kit/clock";
import { startWords } from "../kit/words";
import { Console } from "./shell/console";

const words = { ...import.meta.glob("./**/words.*.json"), ...import.meta.glob("../kit/words.*.json") };

/** The books of a sandbox are at another time: "the last 30 days" and "in 3 days" are of theirs. */
async function readClock(): Promise<void> {
  const { data } = await api.GET("/readyz");
  if (data?.ledger_time) noteClock(data.ledger_time);
}

// Without an answer the pages come all the same, with what is known, and say themselves what is out of reach.
await Promise.all([startWords(words), readClock().catch(() => undefined)]);
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no place for the console");
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
