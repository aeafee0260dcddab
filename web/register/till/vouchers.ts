/** Vouchers taken at this till: each once, and within what a shop dares to take unseen. */
import { api, ask } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { keptKeys, learnKeys } from "./learned";
import { isAway, reach } from "./line";
import { readVoucher, refuse, type Voucher } from "./tokens";

/** What a till takes without having asked: of one, and of all within an hour. */
const WORTH_MINOR_MAX = 10_000;
const HOUR_COUNT_MAX = 20;
const HOUR_MINOR_MAX = 50_000;
const HOUR_MS = 3_600_000;
const KEYS_AGE_MAX_MS = 7 * 24 * HOUR_MS;
const KEPT_MS = 45 * 24 * HOUR_MS;
const TAKEN = "regulars.register.vouchers";

interface Taken {
  readonly id: string;
  readonly at: number;
  readonly worth_minor: number;
}

const listTaken = (): readonly Taken[] => JSON.parse(localStorage.getItem(TAKEN) ?? "[]") as Taken[];

/** Remember vouchers before anybody is told that they were taken: nobody shows them here twice. */
export function noteTaken(vouchers: readonly Voucher[]): void {
  const at = ledgerNow().getTime();
  const kept = listTaken().filter((each) => at - each.at < KEPT_MS);
  localStorage.setItem(TAKEN, JSON.stringify([...kept, ...vouchers.map((each) => ({ id: each.id, at, worth_minor: each.worth_minor }))]));
}

async function isAsked(token: string, store: string): Promise<boolean> {
  try {
    await reach(() => ask(api.POST("/v1/vouchers/check", { body: { token, store } })));
    return true;
  } catch (error) {
    if (!isAway(error)) throw error;
    return false;
  }
}

/** Check what somebody shows: by the server where it answers, and here in any case. Throws a Problem that says why not. */
export async function judgeVoucher(token: string, store: string, money: string, beside: readonly Voucher[]): Promise<Voucher> {
  const asked = await isAsked(token, store);
  if (asked) await learnKeys();
  const keys = keptKeys();
  if (keys === null) throw refuse("voucher_key_unknown");
  const now = ledgerNow();
  const voucher = await readVoucher(token, keys, store, now);
  const taken = listTaken();
  if (taken.some((each) => each.id === voucher.id) || beside.some((each) => each.id === voucher.id)) throw refuse("voucher_used");
  if (voucher.money !== money) throw refuse("voucher_money");
  if (asked) return voucher;
  if (now.getTime() - new Date(keys.as_of).getTime() > KEYS_AGE_MAX_MS) throw refuse("voucher_keys_too_old");
  const lately = [...taken.filter((each) => now.getTime() - each.at < HOUR_MS), ...beside].map((each) => each.worth_minor);
  const sum = lately.reduce((left, right) => left + right, voucher.worth_minor);
  if (voucher.worth_minor > WORTH_MINOR_MAX || lately.length >= HOUR_COUNT_MAX || sum > HOUR_MINOR_MAX) throw refuse("voucher_cap");
  return voucher;
}
