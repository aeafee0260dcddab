/** The API as the pages use it: typed by its own description, failures as one kind of error with a code to look up. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Shapes = components["schemas"];

/** A field of what was sent, and what is wrong with it. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What the server refused, or that it could not be reached (`offline`). */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly errors: readonly Fault[] = [],
    readonly told: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = "Problem";
  }
}

/** The code of a problem that is ours: nothing was answered. */
export const OFFLINE = "offline";
/** Said to the window when a session has ended: what is on the page stays, and somebody signs in again over it. */
export const SIGNED_OUT = "regulars:signed-out";

const speaks = (): string => document.documentElement.lang || "en";

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(OFFLINE, 0, "The server cannot be reached.");
  }
}

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", fetch: send });
api.use({
  onRequest({ request }) {
    // No other site's page can send it: the server takes writes with a cookie only with it.
    request.headers.set("X-Regulars-Request", "1");
    request.headers.set("Accept-Language", speaks());
    return request;
  },
});

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Gives what was answered, or throws a Problem. An answer without a body gives undefined. */
export async function ask<T>(answering: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await answering;
  if (response.ok) return data as T;
  throw problemOf(response.status, error);
}

/** As `ask`, with the answer's headers: its ETag is the version that If-Match names when it is changed. */
export async function askWhole<T>(answering: Promise<Answered<T>>): Promise<{ data: T; headers: Headers; status: number }> {
  const answered = await answering;
  return { data: await ask(Promise.resolve(answered)), headers: answered.response.headers, status: answered.response.status };
}

export function problemOf(status: number, told: unknown): Problem {
  const read = (typeof told === "object" && told !== null ? told : {}) as Record<string, unknown>;
  const text = (name: string, otherwise: string): string => (typeof read[name] === "string" ? read[name] : otherwise);
  const faults = Array.isArray(read["errors"]) ? (read["errors"] as Fault[]) : [];
  if (status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  return new Problem(text("code", `status_${status}`), status, text("detail", text("title", "")), faults, read);
}

/** A name for a write, so that sent again after a lost answer it is done once. */
export const newKey = (): string => crypto.randomUUID();
