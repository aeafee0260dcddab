/** JSON Schema as forms need it: what a value may be, with references followed, and a value to begin with. */
import { textOf, within, type Settings, type Value } from "../programme/document";

export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  /** What it means, in English. */
  readonly description?: string;
  /** The same in other languages. */
  readonly "x-meaning"?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly Value[];
  readonly anyOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string; readonly mapping: Readonly<Record<string, string>> };
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly default?: Value;
}

export type Shape =
  | { readonly is: "text" | "date" | "long" | "whole" | "truth" | "names" | "texts" | "wholes" | "scalar" | "scalars"; readonly schema: Schema }
  | { readonly is: "choice"; readonly schema: Schema; readonly values: readonly Value[] }
  | { readonly is: "choices"; readonly schema: Schema; readonly values: readonly Value[] }
  | { readonly is: "list"; readonly schema: Schema; readonly items: Schema }
  | { readonly is: "map"; readonly schema: Schema; readonly items: Schema }
  | { readonly is: "variants"; readonly schema: Schema; readonly tag: string; readonly mapping: Readonly<Record<string, string>> }
  | { readonly is: "group"; readonly schema: Schema };

const LONG = 1000;

/** Follows a reference within the whole schema; what stands beside it goes first. */
export function follow(schema: Schema, root: Schema): Schema {
  const { $ref, ...beside } = schema;
  if ($ref === undefined) return schema;
  const found = root.$defs?.[$ref.replace("#/$defs/", "")];
  return found === undefined ? beside : follow({ ...found, ...beside }, root);
}

/** Without the `null` that it may also be, which forms show as an empty field. */
function bare(given: Schema, root: Schema): Schema {
  const schema = follow(given, root);
  const kinds = schema.anyOf?.filter((each) => each.type !== "null");
  if (schema.discriminator !== undefined || kinds?.length !== 1 || kinds[0] === undefined) return schema;
  const beside = Object.fromEntries(Object.entries(schema).filter(([name]) => name !== "anyOf"));
  return bare({ ...kinds[0], ...beside }, root);
}

const isNames = (schema: Schema): boolean => schema.type === "object" && schema.required?.includes("zh-CN") === true;

function ofList(schema: Schema, root: Schema): Shape {
  const items = bare(schema.items ?? {}, root);
  if (items.enum !== undefined) return { is: "choices", schema, values: items.enum };
  if (items.type === "string") return { is: "texts", schema };
  if (items.type === "integer") return { is: "wholes", schema };
  if (items.anyOf !== undefined && items.discriminator === undefined) return { is: "scalars", schema };
  return { is: "list", schema, items: schema.items ?? {} };
}

function ofText(schema: Schema): Shape {
  if (schema.format === "date") return { is: "date", schema };
  return { is: (schema.maxLength ?? 0) >= LONG ? "long" : "text", schema };
}

export function shapeOf(given: Schema, root: Schema): Shape {
  const schema = bare(given, root);
  if (schema.discriminator !== undefined) return { is: "variants", schema, tag: schema.discriminator.propertyName, mapping: schema.discriminator.mapping };
  if (schema.enum !== undefined) return { is: "choice", schema, values: schema.enum.filter((each) => each !== null) };
  if (schema.type === "array") return ofList(schema, root);
  if (isNames(schema)) return { is: "names", schema };
  if (schema.type === "object" && schema.properties !== undefined) return { is: "group", schema };
  if (schema.type === "object" && typeof schema.additionalProperties === "object") return { is: "map", schema, items: schema.additionalProperties };
  if (schema.type === "integer") return { is: "whole", schema };
  if (schema.type === "boolean") return { is: "truth", schema };
  return schema.anyOf === undefined ? ofText(schema) : { is: "scalar", schema };
}

/** The variant of a value, by its tag. */
export function variantOf(shape: Shape & { is: "variants" }, value: Value | undefined, root: Schema): { tag: string; schema: Schema } | null {
  const tag = textOf(within(value)[shape.tag]);
  const ref = shape.mapping[tag];
  return ref === undefined ? null : { tag, schema: follow({ $ref: ref }, root) };
}

/** The same with some of its settings alone. */
export const only = (schema: Schema, names: readonly string[]): Schema => ({
  ...schema,
  properties: Object.fromEntries(names.flatMap((name) => (schema.properties?.[name] ? [[name, schema.properties[name]]] : []))),
});

/** A value of the right shape, with what is required and nothing else. */
export function beginning(given: Schema, root: Schema): Value {
  const shape = shapeOf(given, root);
  if (shape.is === "choice") return shape.values[0] ?? "";
  if (shape.is === "variants") {
    const [tag = ""] = Object.keys(shape.mapping);
    return begun(shape, tag, root);
  }
  if (shape.is === "group") return grouped(shape.schema, root);
  if (shape.is === "names") return { en: "", "zh-CN": "" };
  if (shape.is === "map") return {};
  if (shape.is === "whole") return Math.max(1, shape.schema.minimum ?? 1);
  if (shape.is === "truth") return false;
  if (shape.is === "list") return (shape.schema.minItems ?? 0) > 0 ? [beginning(shape.items, root)] : [];
  return shape.is === "texts" || shape.is === "choices" || shape.is === "wholes" || shape.is === "scalars" ? [] : "";
}

/** A variant begun anew. */
export function begun(shape: Shape & { is: "variants" }, tag: string, root: Schema): Settings {
  return { ...grouped(follow({ $ref: shape.mapping[tag] ?? "" }, root), root), [shape.tag]: tag };
}

function grouped(schema: Schema, root: Schema): Settings {
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(properties.filter(([name]) => schema.required?.includes(name)).map(([name, each]) => [name, beginning(each, root)]));
}

/** Money, shares and quantities by how a setting is called: units come last in names. */
export type Unit = "money" | "permille" | "milli" | "days" | null;

export function unitOf(name: string): Unit {
  if (name === "minor" || name.endsWith("_minor")) return "money";
  if (name === "permille" || name.endsWith("_permille")) return "permille";
  if (name.endsWith("_milli")) return "milli";
  return name === "days" || name.endsWith("_days") ? "days" : null;
}
