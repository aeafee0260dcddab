/** What moved one's points, in plain words, and what was bought. */
import { useState } from "react";
import { Link } from "wouter";
import { api, ask } from "../../client";
import { dateTime } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { useNaming, type Naming } from "../frame/naming";
import { Button, Empty, Failed, Screen, Told } from "../frame/parts";
import { useWriting } from "../frame/writing";

const loadEntries = () => ask(api.GET("/v1/me/statement", { params: { query: { limit: 50 } } }));
const loadReceipts = () => ask(api.GET("/v1/me/receipts", { params: { query: { limit: 30 } } }));
type Entry = Awaited<ReturnType<typeof loadEntries>>["entries"][number];
type Receipt = Awaited<ReturnType<typeof loadReceipts>>["receipts"][number];

export default function Activity() {
  const [shown, setShown] = useState<"points" | "receipts">("points");
  return (
    <Screen title={t("member.activity")}>
      <div className="switch" role="tablist" aria-label={t("member.activity")}>
        {(["points", "receipts"] as const).map((each) => (
          <button key={each} role="tab" id={`tab-${each}`} aria-controls="shown" aria-selected={shown === each} onClick={() => setShown(each)}>
            {t(each === "points" ? "member.activity.points" : "member.activity.receipts")}
          </button>
        ))}
      </div>
      <div id="shown" role="tabpanel" aria-labelledby={`tab-${shown}`}>
        {shown === "points" ? <Statement /> : <Receipts />}
      </div>
    </Screen>
  );
}

/** Pages after the first are fetched one by one, and not kept. */
function useMore<T>(next: string | null, fetchPage: (cursor: string) => Promise<{ rows: readonly T[]; next: string | null }>) {
  const [more, setMore] = useState<{ from: string; rows: readonly T[]; next: string | null } | null>(null);
  const writing = useWriting();
  const isOf = more !== null && more.from === next;
  const cursor = isOf ? more.next : next;
  const fetchMore = () =>
    void writing.run(async () => {
      if (cursor === null || next === null) return;
      const page = await fetchPage(cursor);
      setMore({ from: next, rows: [...(isOf ? more.rows : []), ...page.rows], next: page.next });
    });
  const button = cursor !== null && (
    <>
      {writing.error !== undefined && <Failed error={writing.error} />}
      <Button busy={writing.busy} onClick={fetchMore}>
        {t("member.more")}
      </Button>
    </>
  );
  return { rows: isOf ? more.rows : [], button };
}

async function fetchEntries(cursor: string) {
  const page = await ask(api.GET("/v1/me/statement", { params: { query: { limit: 50, cursor } } }));
  return { rows: page.entries, next: page.next };
}

function Statement() {
  const entries = useLoaded("statement", loadEntries);
  const more = useMore<Entry>(entries.data?.next ?? null, fetchEntries);
  return (
    <Told of={entries}>
      {(told) =>
        told.entries.length === 0 ? (
          <Empty>{t("member.activity.none")}</Empty>
        ) : (
          <>
            <ul className="rows">
              {gather([...told.entries, ...more.rows]).map((each) => (
                <Line key={`${each[0]?.currency}${each[0]?.account}${each[0]?.version}`} entries={each} />
              ))}
            </ul>
            {more.button}
          </>
        )
      }
    </Told>
  );
}

/** When it happened, as its line says. What was told late, or with others at once, was booked later than that. */
const momentOf = (entry: Entry): string => entry.occurred_at ?? entry.at;

/**
 * Entries of one activity belong together: a purchase brings points by several offers, and of several currencies. The
 * newest come first, by the time that is shown: pages are in the order of booking, and what was booked at one moment
 * stands there by currency.
 */
function gather(entries: readonly Entry[]): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const each of entries) {
    const key = `${each.activity} ${each.kind}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  const timed = [...groups.values()].map((group) => ({ group, at: Math.max(...group.map((each) => Date.parse(momentOf(each)))) }));
  return timed.sort((one, other) => other.at - one.at).map((each) => each.group);
}

/** In the programme's order, in which what can be spent comes first. */
function total(entries: readonly Entry[], naming: Naming): [string, number][] {
  const totals = new Map<string, number>(naming.program?.currencies.filter((of) => entries.some((each) => each.currency === of.currency)).map((of) => [of.currency, 0]));
  for (const each of entries) totals.set(each.currency, (totals.get(each.currency) ?? 0) + each.points);
  return [...totals];
}

function Line({ entries }: { entries: readonly Entry[] }) {
  const naming = useNaming();
  const first = entries[0];
  if (first === undefined) return null;
  const offers = [...new Set(entries.flatMap((each) => each.offers))].map(naming.offer);
  return (
    <li>
      <span>
        <Link href={`/activity/${first.activity}`}>{knows(`member.kind.${first.kind}`) ? t(`member.kind.${first.kind}`) : t("member.kind.other")}</Link>
        <br />
        <span dir="auto">{offers.join(t("member.list"))}</span>
        {offers.length > 0 && <br />}
        <span className="soft">{dateTime(momentOf(first))}</span>
      </span>
      <span className="amount">
        {total(entries, naming).map(([currency, points]) => (
          <span key={currency}>
            <b className={points < 0 ? "minus" : "plus"}>{naming.amount(points, currency, true)}</b> <small className="soft">{naming.currency(currency)}</small>
          </span>
        ))}
      </span>
    </li>
  );
}

async function fetchReceipts(cursor: string) {
  const page = await ask(api.GET("/v1/me/receipts", { params: { query: { limit: 30, cursor } } }));
  return { rows: page.receipts, next: page.next };
}

function Receipts() {
  const receipts = useLoaded("receipts", loadReceipts);
  const more = useMore<Receipt>(receipts.data?.next ?? null, fetchReceipts);
  const naming = useNaming();
  return (
    <Told of={receipts}>
      {(told) =>
        told.receipts.length === 0 ? (
          <Empty>{t("member.receipts.none")}</Empty>
        ) : (
          <>
            <ul className="rows">
              {[...told.receipts, ...more.rows].map((each) => (
                <li key={each.activity}>
                  <span>
                    <Link href={`/activity/${each.activity}`}>{t(each.kind === "return" ? "member.receipt.return" : "member.receipt.purchase", { store: each.store_name || each.store })}</Link>
                    <br />
                    <span className="soft">{dateTime(each.occurred_at)}</span>
                  </span>
                  <span className="amount">
                    <b>{naming.money(each.kind === "return" ? -each.total_minor : each.total_minor)}</b>
                    <small className="soft">{sum(each, naming)}</small>
                  </span>
                </li>
              ))}
            </ul>
            {more.button}
          </>
        )
      }
    </Told>
  );
}

/** What a receipt brought in all, less what was used for it, by currency. */
function sum(each: Receipt, naming: Naming): string {
  const totals = new Map(Object.entries(each.earned));
  for (const [currency, used] of Object.entries(each.used)) totals.set(currency, (totals.get(currency) ?? 0) - used);
  return [...totals].filter(([, total]) => total !== 0).map(([currency, total]) => `${naming.amount(total, currency, true)} ${naming.currency(currency)}`).join(" · ");
}
