/** The fields at the ends of a form: texts, numbers with their units, dates, choices, names in two languages. */
import { Flex, Input, InputNumber, Select, Switch } from "antd";
import { use } from "react";
import { digitsOf } from "../../kit/format";
import { t } from "../../kit/words";
import { useNames, type Names as Called } from "../shell/names";
import { listed, plainOf, textOf, within, type Value } from "../programme/document";
import { Around, choiceOf, labelOf, type FieldGiven } from "./form";
import { unitOf, type Shape } from "./schema";

interface LeafGiven {
  readonly id: string;
  readonly shape: Shape;
  readonly given: FieldGiven;
}

export function safeDigits(money: string): number {
  try {
    return digitsOf(money);
  } catch {
    return 2; // a code that is still being typed
  }
}

/** A whole number, shown in the unit that people think in: money in its major unit, shares in percent. */
function Whole({ id, shape, given }: LeafGiven) {
  const { money, isClosed } = use(Around);
  const unit = unitOf(given.name);
  const places = unit === "money" ? safeDigits(money) : unit === "permille" ? 1 : unit === "milli" ? 3 : 0;
  const scale = 10 ** places;
  const suffix = unit === "money" ? money : unit === "permille" ? "%" : unit === "days" ? t("offers.unit.days") : "";
  const { minimum, maximum, default: usual } = shape.schema;
  return (
    <InputNumber<number>
      id={id}
      style={{ width: "100%" }}
      disabled={isClosed}
      value={typeof given.value === "number" ? given.value / scale : null}
      min={minimum === undefined ? Number.MIN_SAFE_INTEGER : minimum / scale}
      max={maximum === undefined ? Number.MAX_SAFE_INTEGER : maximum / scale}
      precision={places}
      placeholder={typeof usual === "number" ? String(usual / scale) : ""}
      suffix={suffix}
      onChange={(next) => given.change(next === null ? undefined : Math.round(next * scale))}
    />
  );
}

function Names({ id, given }: LeafGiven) {
  const { isClosed } = use(Around);
  const names = within(given.value);
  const set = (language: string, text: string) => given.change({ ...names, [language]: text });
  return (
    <Flex vertical gap={6}>
      <Input id={id} lang="en" dir="auto" prefix={t("offers.language.en")} aria-label={`${labelOf(given.name)} (${t("offers.language.en")})`} disabled={isClosed} maxLength={200} value={textOf(names["en"])} onChange={(event) => set("en", event.target.value)} />
      <Input lang="zh-CN" dir="auto" prefix={t("offers.language.zh")} aria-label={`${labelOf(given.name)} (${t("offers.language.zh")})`} disabled={isClosed} maxLength={200} value={textOf(names["zh-CN"])} onChange={(event) => set("zh-CN", event.target.value)} />
    </Flex>
  );
}

/** A text is kept as the whole number, or true or false, that it says. */
function read(text: string): Value {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}

/** What a setting may name, as people call it; a name that the live programme does not have yet stands as it is. */
function calledIn(setting: string, value: string, names: Called): string {
  if (setting === "currency") return names.currency(value);
  return setting === "on" || setting === "until" ? names.kind(value) : value;
}

function Many({ id, shape, given }: LeafGiven) {
  const { known, isClosed } = use(Around);
  const names = useNames();
  const values = listed(given.value).map(String);
  const offered = shape.is === "choices" ? shape.values.map(String) : (known[given.name] ?? []);
  const keep = (next: readonly string[]): readonly Value[] => (shape.is === "scalars" || shape.is === "wholes" ? next.map(read).filter((each) => shape.is === "scalars" || typeof each === "number") : next);
  return (
    <Select
      id={id}
      mode={shape.is === "choices" ? "multiple" : "tags"}
      style={{ width: "100%" }}
      disabled={isClosed}
      value={values}
      tokenSeparators={shape.is === "choices" ? [] : [",", "，", "\n"]}
      options={offered.map((value) => ({ value, label: shape.is === "choices" ? choiceOf(value) : calledIn(given.name, value, names) }))}
      maxTagCount={12}
      onChange={(next: string[]) => given.change(next.length === 0 && given.required !== true ? undefined : keep(next))}
    />
  );
}

function One({ id, given, values, free }: LeafGiven & { values: readonly string[]; free: boolean }) {
  const { isClosed } = use(Around);
  const called = useNames();
  const now = given.value === undefined || given.value === null ? null : plainOf(given.value);
  const usual = typeof given.schema.default === "string" ? choiceOf(given.schema.default) : "";
  const offered = now === null || values.includes(now) ? values : [now, ...values];
  return (
    <Select
      id={id}
      style={{ width: "100%" }}
      disabled={isClosed}
      showSearch={free && { optionFilterProp: "label" }}
      allowClear={given.required !== true}
      placeholder={usual}
      value={now}
      options={offered.map((value) => ({ value, label: free ? calledIn(given.name, value, called) : choiceOf(value) }))}
      onChange={(next: string | null | undefined) => given.change(next ?? undefined)}
    />
  );
}

function Text({ id, shape, given }: LeafGiven) {
  const { known, isClosed } = use(Around);
  const offered = known[given.name];
  if (offered !== undefined && offered.length > 0) return <One id={id} shape={shape} given={given} values={offered} free />;
  const keep = (text: string) => given.change(text === "" && given.required !== true ? undefined : shape.is === "scalar" ? read(text) : text);
  const common = { id, disabled: isClosed, value: plainOf(given.value), dir: "auto" } as const;
  if (shape.is === "long") return <Input.TextArea {...common} rows={3} onChange={(event) => keep(event.target.value)} />;
  const usual = typeof given.schema.default === "string" ? given.schema.default : "";
  return <Input {...common} type={shape.is === "date" ? "date" : "text"} placeholder={usual} maxLength={shape.schema.maxLength ?? 500} onChange={(event) => keep(event.target.value)} />;
}

export function Leaf(leaf: LeafGiven) {
  const { isClosed } = use(Around);
  const { shape, given, id } = leaf;
  if (shape.is === "whole") return <Whole {...leaf} />;
  if (shape.is === "names") return <Names {...leaf} />;
  if (shape.is === "truth")
    return <Switch id={id} disabled={isClosed} checked={(given.value ?? given.schema.default) === true} onChange={(next) => given.change(next)} style={{ alignSelf: "start" }} />;
  if (shape.is === "choice") return <One {...leaf} values={shape.values.map(String)} free={false} />;
  if (shape.is === "texts" || shape.is === "choices" || shape.is === "wholes" || shape.is === "scalars") return <Many {...leaf} />;
  return <Text {...leaf} />;
}
