/** Offers as cards that anybody can read, found by their words, kind and time. */
import { Button, Card, Drawer, Empty, Flex, Input, Select, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import type { Shapes } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Mark, type Tone } from "../shell/mark";
import { called, offersOf, standOf, type Document, type Offer, type Stand } from "./document";
import "./programme.css";

type Words = Shapes["OfferWords"];
const STANDS: readonly Stand[] = ["running", "coming", "over"];
const TONES: Record<Stand, Tone> = { running: "good", coming: "warn", over: "plain" };
const SHOWN = 3;

export function StandTag({ stand }: { stand: Stand }) {
  return <Mark tone={TONES[stand]}>{t(`programme.stand.${stand}`)}</Mark>;
}

function Clauses({ words, most }: { words: Words | undefined; most: number }) {
  if (words === undefined) return null;
  return (
    <ul className="clauses">
      {words.clauses.slice(0, most).map((clause) => (
        <li key={clause.text}>
          <bdi>{clause.text}</bdi>
          {clause.items !== undefined && clause.items.length > 0 && (
            <ul>
              {clause.items.map((item) => (
                <li key={item}>
                  <bdi>{item}</bdi>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

export function OfferCard({ offer, words, zone, extra }: { offer: Offer; words: Words | undefined; zone: string; extra?: ReactNode }) {
  const [open, setOpen] = useState(false);
  const name = called(offer["name"], words?.title ?? offer.id);
  return (
    <Card size="small" className="offer-card" role="listitem" aria-label={name}>
      <Typography.Title level={3} className="offer-name">
        <bdi>{name}</bdi>
      </Typography.Title>
      <Flex gap={4} wrap style={{ marginBottom: 8 }}>
        <Tag>{t(`offers.mechanic.${offer.mechanic}`)}</Tag>
        <StandTag stand={standOf(offer, zone)} />
      </Flex>
      <div className="clamped">
        <Clauses words={words} most={SHOWN} />
      </div>
      <Flex gap={8} style={{ marginTop: 8 }} wrap>
        <Button size="small" onClick={() => setOpen(true)} aria-label={t("programme.rules.of", { name })}>
          {t("programme.rules")}
        </Button>
        {extra}
      </Flex>
      <Drawer open={open} onClose={() => setOpen(false)} title={<bdi>{name}</bdi>} size={480}>
        <Typography.Paragraph type="secondary" code>
          {offer.id}
        </Typography.Paragraph>
        <Clauses words={words} most={Infinity} />
      </Drawer>
    </Card>
  );
}

interface Wanted {
  readonly text: string;
  readonly kind: string | undefined;
  readonly stand: Stand | undefined;
}

function fits(offer: Offer, words: Words | undefined, wanted: Wanted, zone: string): boolean {
  const said = [called(offer["name"], ""), offer.id, ...(words?.clauses.map((each) => each.text) ?? [])].join(" ").toLowerCase();
  return (
    said.includes(wanted.text.trim().toLowerCase()) &&
    (wanted.kind === undefined || offer.mechanic === wanted.kind) &&
    (wanted.stand === undefined || standOf(offer, zone) === wanted.stand)
  );
}

function Filters({ offers, wanted, want }: { offers: readonly Offer[]; wanted: Wanted; want: (next: Wanted) => void }) {
  const kinds = [...new Set(offers.map((each) => each.mechanic))].map((value) => ({ value, label: t(`offers.mechanic.${value}`) }));
  return (
    <Flex gap={8} wrap style={{ marginBottom: 16 }}>
      <Input.Search
        style={{ flex: "1 1 200px", maxWidth: 360 }}
        aria-label={t("programme.search")}
        placeholder={t("programme.search")}
        value={wanted.text}
        onChange={(event) => want({ ...wanted, text: event.target.value })}
      />
      <Select
        style={{ flex: "1 1 140px", maxWidth: 220 }}
        allowClear
        aria-label={t("programme.kind")}
        placeholder={t("programme.kind")}
        options={kinds}
        value={wanted.kind ?? null}
        onChange={(kind: string | null | undefined) => want({ ...wanted, kind: kind ?? undefined })}
      />
      <Select
        style={{ flex: "1 1 140px", maxWidth: 220 }}
        allowClear
        aria-label={t("programme.stand")}
        placeholder={t("programme.stand")}
        options={STANDS.map((value) => ({ value, label: t(`programme.stand.${value}`) }))}
        value={wanted.stand ?? null}
        onChange={(stand: Stand | null | undefined) => want({ ...wanted, stand: stand ?? undefined })}
      />
    </Flex>
  );
}

interface CardsGiven {
  readonly document: Document;
  readonly words: readonly Words[] | undefined;
  readonly extra?: (offer: Offer, place: number) => ReactNode;
}

export function OfferCards({ document, words, extra }: CardsGiven) {
  useLanguage();
  const [wanted, want] = useState<Wanted>({ text: "", kind: undefined, stand: undefined });
  const offers = offersOf(document);
  const said = new Map(words?.map((each) => [each.offer, each]));
  const shown = offers.map((offer, place) => ({ offer, place })).filter(({ offer }) => fits(offer, said.get(offer.id), wanted, document.time_zone));
  return (
    <>
      <Filters offers={offers} wanted={wanted} want={want} />
      {shown.length === 0 && <Empty description={t(offers.length === 0 ? "programme.offers.none" : "programme.offers.unfound")} />}
      <div className="offer-cards" role="list">
        {shown.map(({ offer, place }) => (
          <OfferCard key={`${offer.id} ${place}`} offer={offer} words={said.get(offer.id)} zone={document.time_zone} extra={extra?.(offer, place)} />
        ))}
      </div>
    </>
  );
}
