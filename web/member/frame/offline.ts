/** The app without a network: a worker keeps its files, those that were fetched before it was there, too. */
export function startOffline(): void {
  if (!("serviceWorker" in navigator)) return;
  void navigator.serviceWorker.register("/member/worker.js").then(async () => {
    const ready = await navigator.serviceWorker.ready;
    const keep = (entries: readonly PerformanceEntry[]) => {
      const files = entries.map((each) => each.name).filter((name) => name.startsWith(`${location.origin}/assets/`));
      if (files.length > 0) ready.active?.postMessage({ keep: files });
    };
    new PerformanceObserver((seen) => keep(seen.getEntries())).observe({ type: "resource", buffered: true });
    await import("./screens").then((each) => each.fetchAll());
  });
}
