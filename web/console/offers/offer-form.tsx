/** One offer in a form: what it gives, when, for whom, how much at most, and how it stands beside others. */
import { Alert, Collapse, Typography } from "antd";
import { use, useMemo, type ReactNode } from "react";
import { knows, t } from "../../kit/words";
import { Builder } from "../conditions/builder";
import { within, type Settings } from "../programme/document";
import { Around, Group, type Surroundings } from "./form";
import { safeDigits } from "./leaf";
import { follow, only, type Schema } from "./schema";

const SECTIONS: readonly { readonly key: string; readonly names: readonly string[] }[] = [
  { key: "when", names: ["schedule", "windows", "holidays", "time_zone"] },
  { key: "whom", names: ["audience"] },
  { key: "most", names: ["limits", "budget", "funder"] },
  { key: "more", names: ["on_return", "stacking", "priority"] },
];

interface FormGiven {
  readonly offer: Settings;
  /** Where it stands in the document: its number among the offers. */
  readonly place: number;
  readonly program: Schema;
  readonly mechanic: { readonly name: string; readonly about: string; readonly schema: Schema } | undefined;
  readonly around: Omit<Surroundings, "root">;
  readonly change: (next: Settings) => void;
}

function Section({ keyed, open, children }: { keyed: string; open: boolean; children: ReactNode }) {
  return (
    <Collapse
      style={{ marginTop: 12 }}
      defaultActiveKey={open ? [keyed] : []}
      items={[{ key: keyed, label: <h3 className="section-name">{t(`offers.section.${keyed}`)}</h3>, children }]}
    />
  );
}

function Condition({ offer, change, path }: { offer: Settings; path: string; change: (next: Settings) => void }) {
  const { faults, isClosed, money } = use(Around);
  const fault = faults.get(`${path}.when`);
  const { when, ...others } = offer;
  return (
    <div data-path={`${path}.when`}>
      <Typography.Paragraph strong style={{ margin: "12px 0 4px" }}>
        {t("offers.condition")}
      </Typography.Paragraph>
      {fault !== undefined && <Alert type="error" showIcon title={fault} style={{ marginBottom: 8 }} />}
      <Builder text={typeof when === "string" ? when : ""} scale={10 ** safeDigits(money)} isClosed={isClosed} change={(text) => change(text === "" ? others : { ...offer, when: text })} />
    </div>
  );
}

export function OfferForm({ offer, place, program, mechanic, around, change }: FormGiven) {
  const path = `offers[${place}]`;
  const envelope = useMemo(() => follow({ $ref: "#/$defs/Offer" }, program), [program]);
  const outer = useMemo<Surroundings>(() => ({ ...around, root: program }), [around, program]);
  const inner = useMemo<Surroundings>(() => ({ ...around, root: mechanic?.schema ?? {} }), [around, mechanic]);
  const settings = mechanic === undefined ? undefined : follow(mechanic.schema, mechanic.schema);
  return (
    <>
      <Around value={outer}>
        <Group schema={only(envelope, ["name", "id", "on"])} value={offer} path={path} change={change} />
      </Around>
      <Section keyed="gives" open>
        {mechanic !== undefined && (
          <Typography.Paragraph type="secondary">{knows(`offers.about.${mechanic.name}`) ? t(`offers.about.${mechanic.name}`) : mechanic.about.split("\n")[0]}</Typography.Paragraph>
        )}
        {settings === undefined ? (
          <Alert type="warning" showIcon title={t("offers.mechanic.unknown")} />
        ) : (
          <Around value={inner}>
            <Group schema={settings} value={within(offer["settings"])} path={`${path}.settings`} change={(next) => change({ ...offer, settings: next })} />
          </Around>
        )}
      </Section>
      <Around value={outer}>
        {SECTIONS.map(({ key, names }) => (
          <Section key={key} keyed={key} open={key === "whom" ? offer["audience"] !== undefined || offer["when"] !== undefined : names.some((name) => offer[name] !== undefined)}>
            <Group schema={only(envelope, names)} value={offer} path={path} change={change} />
            {key === "whom" && <Condition offer={offer} path={path} change={change} />}
          </Section>
        ))}
      </Around>
    </>
  );
}
