/** A form drawn from a JSON Schema: every shape that settings of a mechanic may have, with what is wrong beside it. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Card, Flex, Input, Select } from "antd";
import { createContext, use, useId, type ReactNode } from "react";
import { knows, language, t } from "../../kit/words";
import { listed, textOf, within, type Settings, type Value } from "../programme/document";
import { Leaf } from "./leaf";
import { beginning, begun, shapeOf, variantOf, type Schema, type Shape } from "./schema";

export interface Surroundings {
  /** The whole schema, in which references are followed. */
  readonly root: Schema;
  readonly money: string;
  /** Texts that a setting may name: stores, categories, currencies, by the setting's name. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** What is wrong, by path. */
  readonly faults: ReadonlyMap<string, string>;
  readonly isClosed: boolean;
}

export const Around = createContext<Surroundings>({ root: {}, money: "USD", known: {}, faults: new Map(), isClosed: false });

export interface FieldGiven {
  readonly name: string;
  readonly path: string;
  readonly schema: Schema;
  readonly value: Value | undefined;
  readonly required?: boolean;
  /** Undefined takes the setting away. */
  readonly change: (next: Value | undefined) => void;
}

const plain = (name: string): string => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
export const labelOf = (name: string): string => (knows(`offers.setting.${name}`) ? t(`offers.setting.${name}`) : plain(name));
export const choiceOf = (value: string): string => (knows(`offers.choice.${value}`) ? t(`offers.choice.${value}`) : value);
/** In English they are the words of the code: settings are called here as the form calls them, and money is typed whole. */
const plainly = (text: string): string =>
  text
    .replace(/,? in minor units(?: of \w+)?/g, "")
    .replace(/`([a-z_]+)`/g, (_, name: string) => `“${knows(`offers.setting.${name}`) ? labelOf(name) : choiceOf(name)}”`)
    .replaceAll("`", "");
/** Meanings come with the schema, in both languages. */
const helpOf = (schema: Schema): string => (language() === "en" ? plainly(schema.description ?? "") : (schema["x-meaning"]?.[language()] ?? ""));

/** A field with its label, its meaning, and what is wrong with it. */
function Labelled({ given, of, children }: { given: FieldGiven; of: string; children: ReactNode }) {
  const fault = use(Around).faults.get(given.path);
  const help = helpOf(given.schema);
  return (
    <div className={fault === undefined ? "field" : "field faulty"} data-path={given.path}>
      <label htmlFor={of}>
        {labelOf(given.name)}
        {given.required === true && <span aria-hidden> *</span>}
      </label>
      {children}
      {fault !== undefined && (
        <div className="fault" role="alert">
          {fault}
        </div>
      )}
      {help !== "" && <div className="meaning">{help}</div>}
    </div>
  );
}

/** Several settings that belong together, with a way to add and take away what need not be there. */
function Framed({ given, children, removable }: { given: FieldGiven; children: ReactNode; removable: boolean }) {
  const { faults, isClosed } = use(Around);
  const fault = faults.get(given.path);
  const help = helpOf(given.schema);
  return (
    <fieldset className={fault === undefined ? "frame" : "frame faulty"} data-path={given.path}>
      <legend>{labelOf(given.name)}</legend>
      {removable && !isClosed && (
        <Button
          size="small"
          type="text"
          className="away"
          icon={<DeleteOutlined aria-hidden />}
          onClick={() => given.change(undefined)}
          aria-label={t("offers.remove.of", { name: labelOf(given.name) })}
        />
      )}
      {fault !== undefined && (
        <div className="fault" role="alert">
          {fault}
        </div>
      )}
      {help !== "" && <div className="meaning">{help}</div>}
      {children}
    </fieldset>
  );
}

function Absent({ given }: { given: FieldGiven }) {
  const { root, isClosed } = use(Around);
  if (isClosed) return null;
  return (
    <div>
      <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={() => given.change(beginning(given.schema, root))}>
        {labelOf(given.name)}
      </Button>
    </div>
  );
}

const GROUPED: ReadonlySet<Shape["is"]> = new Set(["list", "map", "group", "variants", "names"]);
/** What people look for first; the rest follows as the schema has it. */
const FIRST = ["name", "id", "on", "reward", "coupon", "badge", "challenge", "kind", "what", "title", "text", "type", "of", "currency", "points", "minor", "per_minor", "times", "over", "permille"];

function ordered(names: readonly string[]): readonly string[] {
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...names].sort((one, other) => rank(one) - rank(other));
}

/** The same without one setting. */
const dropped = (value: Settings, name: string): Settings => Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));

export function Group({ schema, value, path, change, without = [] }: { schema: Schema; value: Settings; path: string; change: (next: Settings) => void; without?: readonly string[] }) {
  const set = (name: string, next: Value | undefined) => {
    change(next === undefined ? dropped(value, name) : { ...value, [name]: next });
  };
  const { root } = use(Around);
  const required = (name: string) => schema.required?.includes(name) === true;
  const names = ordered(Object.keys(schema.properties ?? {}).filter((name) => !without.includes(name)));
  // What is not there and needs a whole group of fields stands at the end, as something that may be added.
  const isAddable = (name: string) => !required(name) && (value[name] ?? null) === null && GROUPED.has(shapeOf(schema.properties?.[name] ?? {}, root).is);
  return (
    <div className="fields">
      {[...names.filter((name) => !isAddable(name)), ...names.filter(isAddable)].map((name) => (
        <Field
          key={name}
          name={name}
          path={path === "" ? name : `${path}.${name}`}
          schema={schema.properties?.[name] ?? {}}
          value={value[name]}
          required={required(name)}
          change={(next) => set(name, next)}
        />
      ))}
    </div>
  );
}

function Items({ given, items }: { given: FieldGiven; items: Schema }) {
  const { root, isClosed } = use(Around);
  const all = listed(given.value);
  const put = (next: readonly Value[]) => given.change(next.length === 0 && given.required !== true ? undefined : next);
  return (
    <Framed given={given} removable={false}>
      <Flex vertical gap={8}>
        {all.map((each, place) => (
          <Card key={place} size="small">
            {!isClosed && (
              <Button
                size="small"
                type="text"
                className="away"
                icon={<DeleteOutlined aria-hidden />}
                aria-label={t("offers.remove.item", { name: labelOf(given.name), place: place + 1 })}
                onClick={() => put(all.filter((_, other) => other !== place))}
              />
            )}
            <Inside name={given.name} schema={items} value={each} path={`${given.path}[${place}]`} change={(next) => put(all.map((old, other) => (other === place ? next : old)))} />
          </Card>
        ))}
        {!isClosed && (
          <div>
            <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={() => put([...all, beginning(items, root)])}>
              {t("offers.add.of", { name: labelOf(given.name) })}
            </Button>
          </div>
        )}
      </Flex>
    </Framed>
  );
}

/** What stands within one item: its settings, or its variant's. */
function Inside({ name, schema, value, path, change }: { name: string; schema: Schema; value: Value; path: string; change: (next: Value) => void }) {
  const { root } = use(Around);
  const shape = shapeOf(schema, root);
  if (shape.is === "variants") return <Variants shape={shape} value={value} path={path} change={change} />;
  if (shape.is === "group") return <Group schema={shape.schema} value={within(value)} path={path} change={change} />;
  return <Field name={name} path={path} schema={schema} value={value} required change={(next) => change(next ?? "")} />;
}

function Variants({ shape, value, path, change }: { shape: Shape & { is: "variants" }; value: Value | undefined; path: string; change: (next: Value) => void }) {
  const { root, isClosed } = use(Around);
  const id = useId();
  const chosen = variantOf(shape, value, root);
  return (
    <>
      <label htmlFor={id}>{labelOf(shape.tag)}</label>
      <Select
        id={id}
        style={{ marginBottom: 8, minWidth: 200, width: "100%" }}
        disabled={isClosed}
        value={chosen?.tag ?? null}
        options={Object.keys(shape.mapping).map((tag) => ({ value: tag, label: choiceOf(tag) }))}
        onChange={(tag: string | null) => tag !== null && change(begun(shape, tag, root))}
      />
      {chosen !== null && <Group schema={chosen.schema} value={within(value)} path={path} change={change} without={[shape.tag]} />}
    </>
  );
}

function Entries({ given, items }: { given: FieldGiven; items: Schema }) {
  const { root, known, isClosed } = use(Around);
  const all = Object.entries(within(given.value)).filter((each): each is [string, Value] => each[1] !== undefined);
  const put = (next: readonly (readonly [string, Value])[]) => given.change(next.length === 0 ? undefined : Object.fromEntries(next));
  const free = (known[`${given.name}.keys`] ?? []).filter((each) => !all.some(([key]) => key === each));
  const add = (key: string) => put([...all, [key, beginning(items, root)]]);
  return (
    <Framed given={given} removable={false}>
      {all.map(([key, each]) => (
        <Card key={key} size="small" title={<bdi>{key}</bdi>} style={{ marginBottom: 8 }}>
          {!isClosed && (
            <Button
              size="small"
              type="text"
              className="away"
              icon={<DeleteOutlined aria-hidden />}
              aria-label={t("offers.remove.of", { name: key })}
              onClick={() => put(all.filter(([other]) => other !== key))}
            />
          )}
          <Inside name={given.name} schema={items} value={each} path={`${given.path}.${key}`} change={(next) => put(all.map((old) => (old[0] === key ? [key, next] : old)))} />
        </Card>
      ))}
      {!isClosed && <NewKey free={free} add={add} label={t("offers.add.of", { name: labelOf(given.name) })} />}
    </Framed>
  );
}

function NewKey({ free, add, label }: { free: readonly string[]; add: (key: string) => void; label: string }) {
  if (free.length > 0)
    return <Select aria-label={label} placeholder={label} style={{ minWidth: 220 }} value={null} options={free.map((value) => ({ value, label: value }))} onChange={(key: string | null) => key !== null && add(key)} />;
  return (
    <Input.Search
      aria-label={label}
      placeholder={label}
      enterButton={<Button icon={<PlusOutlined aria-hidden />} aria-label={label} />}
      style={{ maxWidth: 280 }}
      onSearch={(key) => key.trim() !== "" && add(key.trim())}
    />
  );
}

export function Field(given: FieldGiven) {
  const { root } = use(Around);
  const id = useId();
  const shape = shapeOf(given.schema, root);
  const isThere = given.value !== undefined && given.value !== null;
  if (shape.is === "list") return isThere || given.required === true ? <Items given={given} items={shape.items} /> : <Absent given={{ ...given, change: () => given.change([beginning(shape.items, root)]) }} />;
  if (shape.is === "map") return isThere ? <Entries given={given} items={shape.items} /> : <Absent given={given} />;
  if (shape.is === "group" || shape.is === "variants") {
    if (!isThere && given.required !== true) return <Absent given={given} />;
    return (
      <Framed given={given} removable={given.required !== true}>
        <Inside name={given.name} schema={given.schema} value={given.value ?? {}} path={given.path} change={given.change} />
      </Framed>
    );
  }
  if (shape.is === "names" && !isThere && given.required !== true) return <Absent given={given} />;
  return (
    <Labelled given={given} of={id}>
      <Leaf id={id} shape={shape} given={given} />
    </Labelled>
  );
}

export const nameless = (value: Value | undefined): boolean => Object.values(within(value)).every((each) => textOf(each) === "");
