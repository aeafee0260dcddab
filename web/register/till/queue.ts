/** Sales that the server has not heard of yet, in the browser's own database, and how it hears of them: once each. */
import { useSyncExternalStore } from "react";
import { api, ask, Problem, type Shapes } from "../../client";
import { isAway, reach } from "./line";

export type Told = Shapes["ActivityIn"];
export type Order = Shapes["OrderIn"];
export interface Queued {
  readonly id: string;
  readonly told: Told;
  /** As it was sent while somebody waited: it may have arrived, and only its answer was lost. */
  readonly order?: Order;
  /** What the customer was asked for, but for vouchers. */
  readonly due_minor?: number;
  /** The code of the server's refusal, where somebody has to look at it. */
  readonly aside?: string;
}
export interface Drained {
  readonly sent: number;
  readonly left: number;
}

const NAME = "regulars-register";
const STORE = "sales";
let known: readonly Queued[] = [];
let draining: Promise<Drained> | null = null;
const listeners = new Set<() => void>();

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "at", autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error ?? new Error("the queue cannot be opened"));
  });
}

async function touch<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((done, failed) => {
      const doing = database.transaction(STORE, mode, { durability: "strict" });
      const asked = work(doing.objectStore(STORE));
      doing.oncomplete = () => done(asked.result);
      doing.onabort = () => failed(doing.error ?? new Error("the queue cannot be written"));
    });
  } finally {
    database.close();
  }
}

type Kept = Queued & { readonly at: number };
const list = (): Promise<Kept[]> => touch("readonly", (store) => store.getAll() as IDBRequest<Kept[]>);

export async function look(): Promise<void> {
  known = await list();
  for (const each of listeners) each();
}

/** Keep a sale before anybody is told that it was made. */
export async function enqueue(queued: Queued): Promise<void> {
  await touch("readwrite", (store) => store.add(queued));
  await look();
}

/** Send what waits, in order. What was sent twice counts once, for each sale has one name for ever. */
export function drain(): Promise<Drained> {
  draining ??= send().finally(() => {
    draining = null;
  });
  return draining;
}

/** Tell of a sale; where the order itself had arrived, that is what counts, and it is asked for once more. */
async function tell(queued: Queued): Promise<void> {
  try {
    await reach(() => ask(api.POST("/v1/activities", { body: queued.told })));
  } catch (error) {
    const { order } = queued;
    if (!(error instanceof Problem) || error.code !== "key_reused" || order === undefined) throw error;
    const { totals } = await reach(() => ask(api.POST("/v1/orders", { body: order })));
    // The customer paid what the till said, the server took points or discounts: to be evened out by people.
    if (totals.due_minor !== (queued.due_minor ?? totals.due_minor)) throw new Problem("charged_differs", 409, "Another sum was charged than is booked.");
  }
}

async function send(): Promise<Drained> {
  let sent = 0;
  for (const each of await list()) {
    if (each.aside !== undefined) continue;
    try {
      await tell(each);
      await touch("readwrite", (store) => store.delete(each.at));
      sent += 1;
    } catch (error) {
      if (isAway(error) || !(error instanceof Problem) || error.status === 401 || error.status === 403) break;
      await touch("readwrite", (store) => store.put({ ...each, aside: error.code }));
    }
  }
  await look();
  return { sent, left: known.length };
}

export function useQueue(): readonly Queued[] {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => known,
  );
}
