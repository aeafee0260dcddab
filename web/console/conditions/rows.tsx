/** All or any of some rows: a field, what it has to be, and a value; groups within groups, and rows about lines. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, InputNumber, Input, Select } from "antd";
import { createContext, use } from "react";
import type { Shapes } from "../../client";
import { t } from "../../kit/words";
import { called } from "../programme/document";

export type Rows = Shapes["ConditionRows"]["rows"];
type Row = NonNullable<Rows["rows"]>[number];
type FieldRow = Shapes["FieldRow"];
type LinesRow = Shapes["LinesRow"];
export type Told = Shapes["FieldTold"];
type Single = string | number | boolean;
type Value = Exclude<FieldRow["value"], undefined>;

const SILENT = new Set(["known", "unknown", "holds", "holds_not"]);
const MANY = new Set(["in", "not_in"]);
const MONEY = new Set(["basket.total", "line.amount", "line.shelf_discount", "line.coupon_discount"]);
/** Minor units of money in one that people think in. */
export const Scale = createContext(100);

/** Fields of lines are told as `line.…`; a row says them under the name that its lines have. */
const asTold = (field: string, line: string | null): string => (line !== null && field.startsWith(`${line}.`) ? `line.${field.slice(line.length + 1)}` : field);
const asSaid = (field: string, line: string | null): string => (line !== null && field.startsWith("line.") ? `${line}.${field.slice(5)}` : field);

function fresh(told: Told, line: string | null): FieldRow {
  const operator = told.operators[0] ?? "==";
  return { type: "field", field: asSaid(told.field, line), operator, value: valueFor(told, operator) };
}

function valueFor(told: Told, operator: FieldRow["operator"]): Value {
  if (SILENT.has(operator)) return null;
  const one: Single = told.sort === "whole" ? 0 : told.sort === "truth" ? true : (told.values?.[0] ?? "");
  return MANY.has(operator) ? [] : one;
}

function read(text: string, sort: Told["sort"]): Single {
  if ((sort === "whole" || sort === "any") && /^-?\d{1,15}$/.test(text)) return Number(text);
  return sort === "any" && (text === "true" || text === "false") ? text === "true" : text;
}

function ValueField({ row, told, isClosed, change }: { row: FieldRow; told: Told; isClosed: boolean; change: (value: Value) => void }) {
  const label = t("conditions.value");
  const minor = use(Scale);
  const offered = (told.values ?? []).map((value) => ({ value, label: called(told.value_names?.[value], value) }));
  if (SILENT.has(row.operator)) return null;
  if (MANY.has(row.operator))
    return (
      <Select
        mode="tags"
        aria-label={label}
        style={{ flex: "1 1 180px" }}
        disabled={isClosed}
        value={Array.isArray(row.value) ? row.value.map(String) : []}
        options={offered}
        onChange={(next: string[]) => change(next.map((each) => read(each, told.sort)))}
      />
    );
  if (told.sort === "whole") {
    const scale = MONEY.has(told.field) ? minor : 1;
    return (
      <InputNumber<number>
        aria-label={label}
        style={{ flex: "1 1 120px" }}
        disabled={isClosed}
        precision={Math.round(Math.log10(scale))}
        value={typeof row.value === "number" ? row.value / scale : null}
        onChange={(next) => change(Math.round((next ?? 0) * scale))}
      />
    );
  }
  if (told.sort === "truth")
    return (
      <Select
        aria-label={label}
        disabled={isClosed}
        value={row.value === true}
        options={[true, false].map((value) => ({ value, label: t(value ? "conditions.yes" : "conditions.no") }))}
        onChange={change}
      />
    );
  if (offered.length > 0)
    return (
      <Select
        aria-label={label}
        showSearch={{ optionFilterProp: "label" }}
        style={{ flex: "1 1 160px" }}
        disabled={isClosed}
        value={String(row.value ?? "")}
        options={offered}
        onChange={(next: string) => change(next)}
      />
    );
  return <Input aria-label={label} style={{ flex: "1 1 140px" }} dir="auto" disabled={isClosed} value={String(row.value ?? "")} onChange={(event) => change(read(event.target.value, told.sort))} />;
}

interface RowGiven<T> {
  readonly row: T;
  readonly fields: readonly Told[];
  readonly line: string | null;
  readonly isClosed: boolean;
  readonly change: (next: T) => void;
}

function OneField({ row, fields, line, isClosed, change }: RowGiven<FieldRow>) {
  const name = asTold(row.field, line);
  const told = fields.find((each) => each.field === name) ?? { field: name, name: { en: row.field }, sort: "any" as const, operators: [row.operator] };
  const offered = fields.filter((each) => each.operators.length > 0 && (each.of_line === true) === (line !== null));
  const options = [...offered, ...(offered.includes(told) ? [] : [told])].map((each) => ({ value: each.field, label: called(each.name, each.field) }));
  const turn = (field: string) => {
    const next = fields.find((each) => each.field === field);
    if (next !== undefined) change(fresh(next, line));
  };
  return (
    <>
      <Select aria-label={t("conditions.field")} showSearch={{ optionFilterProp: "label" }} style={{ flex: "1 1 180px" }} disabled={isClosed} value={told.field} options={options} onChange={turn} />
      <Select
        aria-label={t("conditions.operator")}
        style={{ flex: "0 1 150px", minWidth: 110 }}
        disabled={isClosed}
        value={row.operator}
        options={told.operators.map((value) => ({ value, label: t(`conditions.is.${value}`) }))}
        onChange={(operator) => {
          const keeps = !SILENT.has(operator) && MANY.has(operator) === MANY.has(row.operator) && !SILENT.has(row.operator);
          change({ ...row, operator, value: keeps ? (row.value ?? null) : valueFor(told, operator) });
        }}
      />
      <ValueField row={row} told={told} isClosed={isClosed} change={(value) => change({ ...row, value })} />
    </>
  );
}

function OfLines({ row, fields, isClosed, change }: RowGiven<LinesRow>) {
  return (
    <Flex vertical gap={8} flex="1 1 100%">
      <Select
        aria-label={t("conditions.lines")}
        style={{ alignSelf: "start", minWidth: 240 }}
        disabled={isClosed}
        value={row.which}
        options={(["exists", "all", "exists_one"] as const).map((value) => ({ value, label: t(`conditions.lines.${value}`) }))}
        onChange={(which) => change({ ...row, which })}
      />
      <GroupRows rows={row.rows} fields={fields} line={row.name ?? "line"} isClosed={isClosed} change={(rows) => change({ ...row, rows })} />
    </Flex>
  );
}

function OneRow(given: RowGiven<Row>) {
  const { row, fields, line, isClosed, change } = given;
  if (row.type === "field") return <OneField {...given} row={row} />;
  if (row.type === "lines") return <OfLines {...given} row={row} />;
  return <GroupRows rows={row} fields={fields} line={line} isClosed={isClosed} change={change} />;
}

interface GroupGiven {
  readonly rows: Rows;
  readonly fields: readonly Told[];
  readonly line?: string | null;
  readonly isClosed: boolean;
  readonly change: (next: Rows) => void;
}

export function GroupRows({ rows, fields, line = null, isClosed, change }: GroupGiven) {
  const all = rows.rows ?? [];
  const put = (next: readonly Row[]) => change({ ...rows, rows: [...next] });
  const first = fields.find((each) => each.operators.length > 0 && (each.of_line === true) === (line !== null));
  return (
    <div className="conditions" role="group" aria-label={t(`conditions.${rows.type}`)}>
      {all.length > 1 && (
        <Select
          aria-label={t("conditions.together")}
          size="small"
          style={{ marginBottom: 8, minWidth: 160 }}
          disabled={isClosed}
          value={rows.type}
          options={(["all", "any"] as const).map((value) => ({ value, label: t(`conditions.${value}`) }))}
          onChange={(type) => change({ type, rows: [...all] })}
        />
      )}
      {all.map((row, place) => (
        <Flex key={place} gap={8} wrap align="start" style={{ marginBottom: 8 }}>
          <OneRow row={row} fields={fields} line={line} isClosed={isClosed} change={(next) => put(all.map((old, other) => (other === place ? next : old)))} />
          {!isClosed && (
            <Button type="text" icon={<DeleteOutlined aria-hidden />} aria-label={t("conditions.remove", { place: place + 1 })} onClick={() => put(all.filter((_, other) => other !== place))} />
          )}
        </Flex>
      ))}
      {!isClosed && first !== undefined && (
        <Flex gap={8} wrap>
          <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={() => put([...all, fresh(first, line)])}>
            {t("conditions.add")}
          </Button>
          {line === null && (
            <Button size="small" type="text" onClick={() => put([...all, { type: "lines", which: "exists", name: "line", rows: { type: "all", rows: [] } }])}>
              {t("conditions.add.lines")}
            </Button>
          )}
          {all.length > 0 && (
            <Button size="small" type="text" onClick={() => put([...all, { type: rows.type === "all" ? "any" : "all", rows: [fresh(first, line)] }])}>
              {t("conditions.add.group")}
            </Button>
          )}
        </Flex>
      )}
    </div>
  );
}
