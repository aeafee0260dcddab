/// <reference lib="webworker" />
/**
 * The member app without a network: the pages that were seen, and nothing of anybody's. What a member holds is kept by
 * the app itself, under their own session.
 */
export {};
declare const self: ServiceWorkerGlobalScope;

const KEPT = "regulars-pages-1";
/** Files of builds that are gone go, once there are so many. */
const FILES_MAX = 150;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.add("/member/")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const forget = async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname.startsWith("/member")) event.respondWith(freshOrKept(request));
  // A file's name holds its digest: what is kept is what would be sent.
  else if (url.pathname.startsWith("/assets/") || url.pathname.startsWith("/member/")) event.respondWith(keptOrFresh(request));
});

/** The app says which files it has fetched: the first ones came before there was a worker. */
self.addEventListener("message", (event) => {
  const { keep } = event.data as { keep: readonly string[] };
  event.waitUntil(keepFiles(keep.filter((each) => each.startsWith(`${self.location.origin}/assets/`))));
});

async function keepFiles(files: readonly string[]): Promise<void> {
  const kept = await caches.open(KEPT);
  for (const each of files) if ((await kept.match(each)) === undefined) await kept.add(each);
  const known = (await kept.keys()).filter((each) => each.url.includes("/assets/"));
  for (const each of known.slice(0, Math.max(0, known.length - FILES_MAX))) await kept.delete(each);
}

async function freshOrKept(request: Request): Promise<Response> {
  const kept = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await kept.put("/member/", fresh.clone());
    return fresh;
  } catch (error) {
    const page = await kept.match("/member/");
    if (page) return page;
    throw error;
  }
}

async function keptOrFresh(request: Request): Promise<Response> {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request);
  if (found) return found;
  const fresh = await fetch(request);
  if (fresh.ok) await kept.put(request, fresh.clone());
  return fresh;
}
