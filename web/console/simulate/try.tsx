/** Try a basket: what a member would get for it now, and for each offer why, or why not. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Empty, Flex, Input, InputNumber, Select, Typography } from "antd";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count, money } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { useLive } from "../programme/asking";
import { Failed } from "../shell/asked";
import { documentOf, texts, within } from "../programme/document";
import { Head, Part } from "../shell/head";
import { useNames } from "../shell/names";
import "../shell/rows.css";
import { Verdict } from "./verdict";

interface Line {
  readonly categories: readonly string[];
  readonly brand: string;
  readonly amount: number;
}

interface Basket {
  readonly member: string;
  readonly store: string;
  readonly at: string;
  readonly kind: string;
  readonly lines: readonly Line[];
}

const EMPTY: Line = { categories: [], brand: "", amount: 10 };
const NEWCOMER = "newcomer-of-a-preview";
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function memberOf(text: string): Shapes["ActivityIn"]["member"] {
  const given = text.trim();
  if (UUID.test(given)) return { id: given };
  return { identifier: { kind: "card", value: given === "" ? NEWCOMER : given } };
}

function activityOf(basket: Basket, unit: number): Shapes["ActivityIn"] {
  const at = basket.at === "" ? ledgerNow() : new Date(basket.at);
  const lines = basket.lines.map((line, place) => ({
    sku: `preview-${place + 1}`,
    amount_minor: Math.round(line.amount * unit),
    categories: [...line.categories],
    brand: line.brand,
  }));
  return { id: newKey(), source: "console", kind: basket.kind, occurred_at: at.toISOString(), member: memberOf(basket.member), store: basket.store, lines: basket.kind === "purchase" ? lines : [] };
}

function Lines({ basket, set, money: code }: { basket: Basket; set: (next: Basket) => void; money: string }) {
  const live = useLive();
  const catalog = within(within(live.data?.document)["catalog"]);
  const put = (lines: readonly Line[]) => set({ ...basket, lines });
  const change = (place: number, next: Partial<Line>) => put(basket.lines.map((old, other) => (other === place ? { ...old, ...next } : old)));
  const offered = (name: string) => texts(catalog[name]).map((value) => ({ value, label: value }));
  return (
    <Flex vertical gap={8}>
      {basket.lines.map((line, place) => (
        <Flex key={place} gap={8} wrap role="group" aria-label={t("simulate.line", { place: place + 1 })}>
          <Select mode="tags" style={{ flex: "2 1 200px" }} aria-label={t("offers.setting.categories")} placeholder={t("offers.setting.categories")} value={[...line.categories]} options={offered("categories")} onChange={(categories: string[]) => change(place, { categories })} />
          <Select allowClear showSearch style={{ flex: "1 1 120px" }} aria-label={t("offers.setting.brands")} placeholder={t("offers.setting.brands")} value={line.brand === "" ? null : line.brand} options={offered("brands")} onChange={(brand: string | null | undefined) => change(place, { brand: brand ?? "" })} />
          <InputNumber<number> style={{ flex: "1 1 120px" }} aria-label={t("simulate.amount")} min={0} precision={2} suffix={code} value={line.amount} onChange={(amount) => change(place, { amount: amount ?? 0 })} />
          <Button type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t("simulate.line.remove", { place: place + 1 })} disabled={basket.lines.length === 1} onClick={() => put(basket.lines.filter((_, other) => other !== place))} />
        </Flex>
      ))}
      <div>
        <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={() => put([...basket.lines, EMPTY])}>
          {t("simulate.line.add")}
        </Button>
      </div>
    </Flex>
  );
}

function Came({ found }: { found: Shapes["PreviewView"] }) {
  const names = useNames();
  const { receipt, problem, offers = [] } = found;
  if (problem != null) return <Alert type="warning" showIcon title={problem.detail} />;
  const fired = offers.filter((each) => each.fired);
  const others = offers.filter((each) => !each.fired);
  const off = (receipt?.discounts ?? []).reduce((all, each) => all + each.amount_minor, 0);
  return (
    <>
      <div className="cards" style={{ marginTop: 16 }} aria-live="polite">
        {names.currencies.map((each) => (
          <Card key={each.id} size="small">
            <Typography.Text type="secondary">
              <bdi>{each.name}</bdi>
            </Typography.Text>
            <div className="sum">+{count(fired.reduce((all, offer) => all + (offer.points[each.id] ?? 0), 0))}</div>
          </Card>
        ))}
        {off > 0 && (
          <Card size="small">
            <Typography.Text type="secondary">{t("simulate.off")}</Typography.Text>
            <div className="sum">{money(off, names.money)}</div>
          </Card>
        )}
      </div>
      <Part title={t("simulate.gives")}>
        {fired.length === 0 && <Empty description={t("simulate.gives.none")} />}
        <div className="offer-cards">
          {fired.map((each) => (
            <Verdict key={each.offer} offer={each} money={names.money} />
          ))}
        </div>
      </Part>
      <Part title={t("simulate.gives.not")}>
        <div className="offer-cards">
          {others.map((each) => (
            <Verdict key={each.offer} offer={each} money={names.money} />
          ))}
        </div>
      </Part>
    </>
  );
}

export default function Try() {
  useLanguage();
  const live = useLive();
  const names = useNames();
  const document = documentOf(live.data?.document);
  const [basket, set] = useState<Basket>({ member: "", store: "", at: "", kind: "purchase", lines: [EMPTY] });
  const [found, setFound] = useState<Shapes["PreviewView"] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stores = texts(within(document["catalog"])["stores"]).map((value) => ({ value, label: value }));
  const kinds = ["purchase", ...Object.keys(within(document["activities"]))];
  async function look() {
    setBusy(true);
    setError(null);
    try {
      const { results } = await ask(api.POST("/v1/previews", { body: { activities: [activityOf(basket, names.unit)] } }));
      // The client widens lists of a known length; the description knows better.
      setFound((results[0] as Shapes["PreviewView"] | undefined) ?? null);
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <Head title={t("simulate.try")} about={t("simulate.try.about")} back={{ to: "/programme", label: t("programme.title") }} />
      <Card size="small">
        <div className="fields" style={{ marginBottom: 12 }}>
          <div className="field">
            <label htmlFor="who">{t("simulate.who")}</label>
            <Input id="who" value={basket.member} placeholder={t("simulate.newcomer")} onChange={(event) => set({ ...basket, member: event.target.value })} />
          </div>
          <div className="field">
            <label htmlFor="what">{t("simulate.what")}</label>
            <Select id="what" value={basket.kind} options={kinds.map((value) => ({ value, label: names.kind(value) }))} onChange={(kind) => set({ ...basket, kind })} />
          </div>
          <div className="field">
            <label htmlFor="store">{t("offers.setting.stores")}</label>
            {stores.length > 0 ? (
              <Select id="store" allowClear showSearch value={basket.store === "" ? null : basket.store} options={stores} onChange={(store: string | null | undefined) => set({ ...basket, store: store ?? "" })} />
            ) : (
              <Input id="store" value={basket.store} onChange={(event) => set({ ...basket, store: event.target.value })} />
            )}
          </div>
          <div className="field">
            <label htmlFor="moment">{t("simulate.moment")}</label>
            <Input id="moment" type="datetime-local" value={basket.at} onChange={(event) => set({ ...basket, at: event.target.value })} />
          </div>
        </div>
        {basket.kind === "purchase" && <Lines basket={basket} set={set} money={names.money} />}
        <Button type="primary" loading={busy} onClick={() => void look()} style={{ marginTop: 12 }}>
          {t("simulate.look")}
        </Button>
      </Card>
      {error !== null && <Failed error={error} again={look} busy={busy} />}
      {found !== null && <Came found={found} />}
    </>
  );
}
