/** The offers of a sketch: a list to choose from, and the chosen one in its form. */
import { ArrowLeftOutlined, CopyOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Card, Empty, Flex, Grid, Input, Modal, Tag, Typography } from "antd";
import { useMemo, useState } from "react";
import { knows, t } from "../../kit/words";
import { Mark } from "../shell/mark";
import { Asked } from "../shell/asked";
import { useMechanics, useProgramSchema } from "../programme/asking";
import { StandTag } from "../programme/cards";
import { called, listed, offersOf, standOf, textOf, texts, within, type Document, type Offer, type Settings } from "../programme/document";
import type { useChecking } from "./checking";
import { OfferForm } from "./offer-form";
import type { Work } from "./work";

interface OffersGiven {
  readonly work: Work;
  readonly checking: ReturnType<typeof useChecking>;
  readonly document: Document;
  readonly place: number | null;
  readonly setPlace: (place: number | null) => void;
  readonly isClosed: boolean;
}

interface Kind {
  readonly name: string;
  readonly about: string;
  readonly phase: string;
  readonly kinds: readonly string[];
  readonly example: unknown;
}

/** Texts that settings may name, by the setting's name. */
function knownIn(document: Document): Record<string, readonly string[]> {
  const catalog = within(document["catalog"]);
  const offers = offersOf(document);
  const currencies = Object.keys(within(document["currencies"]));
  const levels = offers.flatMap((each) => (each.mechanic === "tiers" ? listed(each.settings["levels"]).map((level) => textOf(within(level)["id"])) : []));
  const own = Object.keys(within(document["activities"]));
  return {
    currency: currencies,
    categories: texts(catalog["categories"]),
    brands: texts(catalog["brands"]),
    stores: texts(catalog["stores"]),
    among: texts(catalog["categories"]),
    segments: [...texts(catalog["segments"]), ...Object.keys(within(catalog["segments"]))],
    on: ["purchase", ...own, "reward", "reward_state", "referred", "challenge_join"],
    "times.keys": levels,
    "traits.keys": ["tier"],
    calendar: Object.keys(within(document["calendars"])),
  };
}

const taken = (offers: readonly Offer[]): ReadonlySet<string> => new Set(offers.map((each) => each.id));

/** A name that no other offer has: its own, or with a number. */
function free(wanted: string, offers: readonly Offer[]): string {
  const others = taken(offers);
  if (!others.has(wanted)) return wanted;
  for (let number = 2; ; number++) if (!others.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

const usualKind = (kind: Kind): string => {
  const usual: Readonly<Record<string, string>> = { rewards: "reward", referrals: "referred", badges: "badge" };
  return usual[kind.name] ?? "purchase";
};

function begun(kind: Kind, document: Document, offers: readonly Offer[]): Settings {
  const [currency = "points"] = Object.keys(within(document["currencies"]));
  const example = within(kind.example);
  const settings = "currency" in example ? { ...example, currency } : example;
  const on = kind.name === "referrals" ? ["referred", "purchase"] : [usualKind(kind)];
  return { id: free(kind.name, offers), name: { en: "", "zh-CN": "" }, mechanic: kind.name, on, settings };
}

function Adding({ kinds, add, close }: { kinds: readonly Kind[]; add: (kind: Kind) => void; close: () => void }) {
  return (
    <Modal open title={t("offers.add")} footer={null} onCancel={close} width={720}>
      <div className="offer-cards" role="list">
        {kinds.map((kind) => (
          <div role="listitem" key={kind.name}>
            <button type="button" className="kind" onClick={() => add(kind)}>
              <strong>{t(`offers.mechanic.${kind.name}`)}</strong>
              <span>{knows(`offers.about.${kind.name}`) ? t(`offers.about.${kind.name}`) : kind.about.split("\n")[0]}</span>
            </button>
          </div>
        ))}
      </div>
    </Modal>
  );
}

function List({ document, offers, chosen, choose, faulty }: { document: Document; offers: readonly Offer[]; chosen: number | null; choose: (place: number) => void; faulty: ReadonlySet<number> }) {
  const [text, setText] = useState("");
  const shown = offers.map((offer, place) => ({ offer, place })).filter(({ offer }) => `${called(offer["name"], "")} ${offer.id}`.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <>
      <Input.Search aria-label={t("programme.search")} placeholder={t("programme.search")} value={text} onChange={(event) => setText(event.target.value)} style={{ marginBottom: 8 }} />
      {shown.length === 0 && <Empty description={t(offers.length === 0 ? "programme.offers.none" : "programme.offers.unfound")} />}
      <ul className="offer-list">
        {shown.map(({ offer, place }) => (
          <li key={place}>
            <button type="button" aria-current={place === chosen} onClick={() => choose(place)}>
              <bdi>{called(offer["name"], offer.id)}</bdi>
              <Flex gap={4} wrap>
                <Tag>{t(`offers.mechanic.${offer.mechanic}`)}</Tag>
                <StandTag stand={standOf(offer, document.time_zone)} />
                {faulty.has(place) && <Mark tone="bad">{t("offers.faulty")}</Mark>}
              </Flex>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Said({ words }: { words: { readonly clauses: readonly { readonly text: string; readonly items?: readonly string[] }[] } | undefined }) {
  if (words === undefined) return null;
  return (
    <Card size="small" title={t("offers.words")} style={{ marginBottom: 12 }}>
      <ul className="clauses">
        {words.clauses.map((clause) => (
          <li key={clause.text}>
            <bdi>{clause.text}</bdi> <bdi>{clause.items?.join("; ")}</bdi>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Offers({ work, checking, document, place, setPlace, isClosed }: OffersGiven) {
  const mechanics = useMechanics();
  const schema = useProgramSchema();
  const wide = Grid.useBreakpoint().md ?? true;
  const [adding, setAdding] = useState(false);
  const offers = offersOf(document);
  const known = useMemo(() => knownIn(document), [document]);
  const around = useMemo(() => ({ money: document.money, known, faults: checking.faults, isClosed }), [document.money, known, checking.faults, isClosed]);
  const raw = listed(work.now["offers"]);
  const put = (next: readonly Settings[]) => work.change({ ...work.now, offers: next });
  const append = (offer: Settings) => {
    put([...raw.map(within), offer]);
    setPlace(raw.length);
  };
  const remove = (at: number) => {
    put(raw.map(within).filter((_, other) => other !== at));
    setPlace(null);
  };
  const faulty = new Set([...checking.faults.keys()].flatMap((path) => /^offers\[(\d+)\]/.exec(path)?.[1] ?? []).map(Number));
  const offer = place === null ? undefined : raw[place];
  const id = textOf(within(offer)["id"]);
  const name = called(within(offer)["name"], id);
  const mechanic = mechanics.data?.mechanics.find((each) => each.name === within(offer)["mechanic"]);
  return (
    <div className={wide ? "desk" : ""}>
      {(wide || offer === undefined) && (
        <nav aria-label={t("programme.offers")}>
          {!isClosed && (
            <Button block type="dashed" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)} disabled={mechanics.data === undefined} style={{ marginBottom: 8 }}>
              {t("offers.add")}
            </Button>
          )}
          <List document={document} offers={offers} chosen={place} choose={setPlace} faulty={faulty} />
        </nav>
      )}
      {offer === undefined || place === null ? (
        wide && <Empty description={t("offers.choose")} />
      ) : (
        <section aria-label={name}>
          <Flex justify="space-between" wrap gap={8} style={{ marginBottom: 8 }}>
            <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
              {!wide && <Button type="text" icon={<ArrowLeftOutlined aria-hidden />} aria-label={t("offers.back")} onClick={() => setPlace(null)} />}
              <bdi>{name}</bdi>
            </Typography.Title>
            {!isClosed && (
              <Flex gap={8}>
                <Button size="small" icon={<CopyOutlined aria-hidden />} onClick={() => append({ ...within(offer), id: free(id, offers) })}>
                  {t("offers.copy")}
                </Button>
                <Button size="small" danger icon={<DeleteOutlined aria-hidden />} onClick={() => remove(place)}>
                  {t("offers.remove")}
                </Button>
              </Flex>
            )}
          </Flex>
          {checking.isFresh && <Said words={checking.checked?.words.find((each) => each.offer === id)} />}
          <Asked query={schema}>
            {(program) => (
              <Asked query={mechanics}>
                {() => (
                  <OfferForm
                    key={place}
                    offer={within(offer)}
                    place={place}
                    program={program}
                    mechanic={mechanic}
                    around={around}
                    change={(next) => put(raw.map(within).map((old, other) => (other === place ? next : old)))}
                  />
                )}
              </Asked>
            )}
          </Asked>
        </section>
      )}
      {adding && (
        <Adding
          kinds={mechanics.data?.mechanics ?? []}
          close={() => setAdding(false)}
          add={(kind) => {
            append(begun(kind, document, offers));
            setAdding(false);
          }}
        />
      )}
    </div>
  );
}
