/** Lists: a table that becomes cards on a phone, with what is shown when it is empty, on its way, or cannot be had. */
import "./rows.css";
import { Button, Flex, Skeleton } from "antd";
import type { ReactNode } from "react";
import { t } from "../../kit/words";
import { Failed, type Paged } from "./asked";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly show: (row: T) => ReactNode;
  /** Numbers stand at the end of their column. */
  readonly end?: boolean;
}

interface Table<T> {
  /** What the table is a list of, for who hears it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly idOf: (row: T) => string;
  readonly empty: string;
}

export function Rows<T>({ rows, label, columns, idOf, empty }: Table<T> & { rows: readonly T[] }) {
  if (rows.length === 0) return <div className="rows rows-empty">{empty}</div>;
  return (
    // A region that scrolls can be reached and scrolled by keyboard.
    <div className="rows" role="region" aria-label={label} tabIndex={0}>
      <table role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((each) => (
              <th key={each.key} role="columnheader" scope="col" className={each.end ? "end" : undefined}>
                {each.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={idOf(row)} role="row">
              {columns.map((each) => (
                <Cell key={each.key} column={each} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<T>({ column, row }: { column: Column<T>; row: T }) {
  const shown = column.show(row);
  const isNone = shown === null || shown === undefined || shown === "";
  return (
    <td role="cell" className={[column.end ? "end" : "", isNone ? "none" : ""].join(" ").trim() || undefined}>
      {column.title !== "" && (
        <span className="name" aria-hidden>
          {column.title}
        </span>
      )}
      <div>{shown}</div>
    </td>
  );
}

/** A list that comes page by page. */
export function Listing<T>({ list, ...table }: Table<T> & { list: Paged<T> }) {
  if (list.rows === undefined)
    return list.error !== null ? <Failed error={list.error} again={list.again} /> : <Skeleton active aria-label={t("console.loading")} />;
  return (
    <Flex vertical gap={12}>
      <Rows rows={list.rows} {...table} />
      {list.error !== null && <Failed error={list.error} again={list.again} />}
      {list.isMore && (
        <Button onClick={list.more} loading={list.isBusy} style={{ alignSelf: "center" }}>
          {t("console.more")}
        </Button>
      )}
    </Flex>
  );
}

/** Facts of one thing, each with its name. What is null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .flatMap(([name, value]) => [<dt key={`${name}-t`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  );
}
