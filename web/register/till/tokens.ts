/**
 * Vouchers, checked without the server: by its public keys and a clock. A token is `<mark>.<payload>.<signature>`, and
 * Ed25519 signs the characters of the mark and the payload.
 */
import { Problem, type Shapes } from "../../client";

export type Keys = Shapes["TillKeys"];
/** Points that left a member's account as a piece of paper worth money. Times are milliseconds. */
export interface Voucher {
  readonly id: string;
  readonly member: string;
  readonly worth_minor: number;
  readonly money: string;
  readonly not_before: number;
  readonly not_after: number;
  /** Where it is taken; empty: everywhere. */
  readonly store: string;
}

export const MARK = "RV1";
const CHARACTERS_MAX = 640;
const FIXED_BYTES = 64;
const KID_BYTES = 4;
const CONFLICT = 409;

/** Why a voucher is not taken: by the same codes as the server's, where it has one for it. */
export const refuse = (code: string): Problem => new Problem(code, CONFLICT, code);

function readPart(text: string): Uint8Array<ArrayBuffer> {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat(-text.length & 3);
  try {
    return Uint8Array.from(atob(padded), (each) => each.charCodeAt(0));
  } catch {
    throw refuse("voucher_invalid"); // no base64: nothing that we wrote
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");

function toUuid(bytes: Uint8Array): string {
  const text = hex(bytes);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

function parse(payload: Uint8Array<ArrayBuffer>): Voucher {
  const view = new DataView(payload.buffer);
  const text = new TextDecoder();
  const seconds = (at: number) => Number(view.getBigUint64(at)) * 1000;
  const read = {
    id: toUuid(payload.subarray(4, 20)),
    member: toUuid(payload.subarray(20, 36)),
    worth_minor: Number(view.getBigUint64(36)),
    money: text.decode(payload.subarray(44, 47)),
    not_before: seconds(47),
    not_after: seconds(55),
    store: text.decode(payload.subarray(FIXED_BYTES)),
  };
  if (view.getUint8(63) !== payload.length - FIXED_BYTES || read.worth_minor < 1 || read.not_after <= read.not_before) throw refuse("voucher_invalid");
  return read;
}

async function verify(key: string, signature: string, signed: string): Promise<void> {
  if (!("subtle" in crypto)) throw refuse("signatures_unsupported");
  const imported = await crypto.subtle.importKey("raw", readPart(key), { name: "Ed25519" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, imported, readPart(signature), new TextEncoder().encode(signed)))) throw refuse("voucher_invalid");
}

/** Check a voucher as far as a till can alone. Throws a Problem with the code of what is wrong with it. */
export async function readVoucher(token: string, keys: Keys, store: string, now: Date): Promise<Voucher> {
  const [mark, written, signature, ...more] = token.split(".");
  if (mark !== MARK || written === undefined || signature === undefined || more.length > 0 || token.length > CHARACTERS_MAX) throw refuse("voucher_invalid");
  const payload = readPart(written);
  if (payload.length < FIXED_BYTES) throw refuse("voucher_invalid");
  const kid = hex(payload.subarray(0, KID_BYTES));
  const key = keys.keys.find((each) => each.kid === kid);
  // Newer than the list: to be asked for, not a forgery for sure.
  if (key === undefined) throw refuse("voucher_key_unknown");
  await verify(key.key, signature, `${mark}.${written}`);
  const voucher = parse(payload);
  if (key.ends !== null && voucher.not_before >= new Date(key.ends).getTime()) throw refuse("voucher_invalid");
  const at = now.getTime();
  if (at < voucher.not_before - keys.tolerance_seconds * 1000 || at > voucher.not_after) throw refuse("voucher_stale");
  if (voucher.store !== "" && voucher.store !== store) throw refuse("voucher_elsewhere");
  if (keys.revoked.includes(voucher.id)) throw refuse("voucher_ended");
  return voucher;
}
