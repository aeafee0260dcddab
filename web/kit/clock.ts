/** What time it is in the books: a sandbox's clock is elsewhere, and a phone's may be off. Known without a network, too. */
const KEPT = "regulars.clock";
const TELLING_MS = 500;
let ahead = Number(localStorage.getItem(KEPT) ?? 0);

/** Take the ledger's time from an answer that has just come. */
export function noteClock(asOf: string): void {
  const found = new Date(asOf).getTime() - Date.now();
  if (Math.abs(found - ahead) > TELLING_MS) localStorage.setItem(KEPT, String(found));
  ahead = found;
}

export const ledgerNow = (): Date => new Date(Date.now() + ahead);
