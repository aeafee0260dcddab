/** The basket: goods at a touch, others typed, and the lines. */
import { useState, type SyntheticEvent } from "react";
import { digitsOf } from "../../kit/format";
import { t } from "../../kit/words";
import { Block, Button } from "../till/parts";
import type { Document } from "../till/till";
import { AT_HAND, GOODS, type Good, type Line } from "./goods";
import { cash } from "./naming";

const COUNT_MAX = 99;

export function BasketBlock({ lines, change, document }: { lines: readonly Line[]; change: (lines: readonly Line[]) => void; document: Document }) {
  const known = new Set(document.catalog?.categories);
  const [sought, setSought] = useState("");
  const shown = find(sought);
  const add = (line: Line) => {
    const at = lines.findIndex((each) => each.sku === line.sku && each.each_minor === line.each_minor);
    if (at < 0) change([...lines, line]);
    else change(lines.map((each, number) => (number === at ? { ...each, count: Math.min(each.count + line.count, COUNT_MAX) } : each)));
  };
  const setCount = (at: number, next: number) => change(next < 1 ? lines.filter((_, number) => number !== at) : lines.map((each, number) => (number === at ? { ...each, count: Math.min(next, COUNT_MAX) } : each)));
  return (
    <Block title={t("register.basket")}>
      <label className="search">
        <span className="unseen">{t("register.search")}</span>
        <input type="search" value={sought} onChange={(event) => setSought(event.target.value)} placeholder={t("register.search")} maxLength={60} />
      </label>
      {shown.length === 0 && <p role="status">{t("register.search.none")}</p>}
      <ul className="goods">
        {shown.map((each) => (
          <li key={each.sku}>
            <button
              onClick={() =>
                add({ sku: each.sku, name: t(each.key), each_minor: each.amount_minor, count: 1, categories: each.categories.filter((name) => known.has(name)), ...(each.brand === undefined ? {} : { brand: each.brand }) })
              }
            >
              {t(each.key)} <small>{cash(document, each.amount_minor)}</small>
            </button>
          </li>
        ))}
      </ul>
      <Other add={add} document={document} />
      {lines.length === 0 ? (
        <p className="soft">{t("register.basket.empty")}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{t("register.article")}</th>
              <th scope="col">{t("register.count")}</th>
              <th scope="col" className="number">
                {t("register.amount")}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((each, at) => (
              <tr key={each.sku + String(each.each_minor)}>
                <td dir="auto">{each.name}</td>
                <td className="count">
                  <Button kind="small" aria-label={t("register.less", { name: each.name })} onClick={() => setCount(at, each.count - 1)}>
                    −
                  </Button>
                  <span>{each.count}</span>
                  <Button kind="small" aria-label={t("register.more", { name: each.name })} onClick={() => setCount(at, each.count + 1)}>
                    +
                  </Button>
                </td>
                <td className="number">{cash(document, each.each_minor * each.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Block>
  );
}

/** Goods whose name or category has what is typed; those at hand while nothing is. */
function find(sought: string): readonly Good[] {
  const text = sought.trim().toLowerCase();
  if (text === "") return GOODS.slice(0, AT_HAND);
  return GOODS.filter((each) => [t(each.key), each.sku, ...each.categories].some((name) => name.toLowerCase().includes(text)));
}

/** An article that is not among those at a touch. */
function Other({ add, document }: { add: (line: Line) => void; document: Document }) {
  const [name, setName] = useState("");
  const [price, setPrice] = useState("");
  const [category, setCategory] = useState("");
  const scale = 10 ** digitsOf(document.money);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    add({ sku: name.trim(), name: name.trim(), each_minor: Math.round(Number(price) * scale), count: 1, categories: category === "" ? [] : [category] });
    setName("");
    setPrice("");
  };
  return (
    <details>
      <summary>{t("register.other")}</summary>
      <form className="inline" onSubmit={submit}>
        <label>
          {t("register.article")}
          <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={60} />
        </label>
        <label>
          {t("register.price")}
          <input value={price} onChange={(event) => setPrice(event.target.value)} inputMode="decimal" required type="number" min={1 / scale} max="99999" step={1 / scale} />
        </label>
        <label>
          {t("register.category")}
          <select value={category} onChange={(event) => setCategory(event.target.value)}>
            <option value="">{t("register.category.none")}</option>
            {(document.catalog?.categories ?? []).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <Button type="submit">{t("register.add")}</Button>
      </form>
    </details>
  );
}
