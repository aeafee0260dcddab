/** The till as a whole: its store, its line, the sale, and what was sold. */
import { useEffect, useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Sale } from "../sale/sale";
import { SoldList } from "../sale/sold";
import { keepStore, keptStore, listSold, tillName, type Sold } from "./device";
import { Ladder } from "./ladder";
import { startLearning } from "./learned";
import { Block, Failed, LanguageSwitch } from "./parts";
import { look } from "./queue";

type Me = Shapes["Me"];
export type Document = {
  readonly money: string;
  readonly name: Readonly<Record<string, string>>;
  readonly currencies: Readonly<Record<string, { readonly kind: string; readonly name: Readonly<Record<string, string>> }>>;
  readonly offers: readonly { readonly id: string; readonly name?: Readonly<Record<string, string>>; readonly mechanic: string; readonly settings: Readonly<Record<string, unknown>> }[];
  readonly catalog?: { readonly categories?: readonly string[]; readonly brands?: readonly string[] };
};
interface Shop {
  readonly document: Document;
  readonly stores: readonly Shapes["Store"][];
}

/** What somebody has to have who takes vouchers. */
const VOUCHERS = ["vouchers:read", "points:voucher_used"];

async function loadShop(): Promise<Shop> {
  const [program, stores] = await Promise.all([ask(api.GET("/v1/program")), ask(api.GET("/v1/stores", { params: { query: { limit: 100 } } }))]);
  return { document: program.document as unknown as Document, stores: stores.stores };
}

export function Till({ me }: { me: Me }) {
  const spoken = useLanguage();
  const [shop, setShop] = useState<Shop | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const [store, setStore] = useState(me.account.store ?? keptStore());
  const [sold, setSold] = useState<readonly Sold[]>(listSold);
  useEffect(() => {
    loadShop().then(setShop, setError);
    void look();
  }, [round]);
  const takesVouchers = VOUCHERS.every((each) => me.scopes.includes(each));
  useEffect(() => startLearning(takesVouchers, setError), [takesVouchers, round]);
  const again = () => {
    setError(undefined);
    setRound(round + 1);
  };
  const choose = (next: string) => {
    setStore(next);
    keepStore(next);
  };
  if (shop === null) return error === undefined ? <p className="waiting" role="status" aria-label={t("register.loading")} /> : <Failed error={error} again={again} />;
  const open = shop.stores.filter((each) => each.is_open);
  const nameOf = (id: string): string => {
    const found = shop.stores.find((each) => each.id === id);
    return (spoken === "en" ? found?.name_en : found?.name_zh) || id;
  };
  return (
    <div className="till">
      <header className="bar">
        <h1>{t("register.name")}</h1>
        <label>
          {t("register.store")}{" "}
          {open.length > 0 && me.account.store === null ? (
            <select value={store} onChange={(event) => choose(event.target.value)}>
              <option value="">{t("register.store.none")}</option>
              {open.map((each) => (
                <option key={each.id} value={each.id}>
                  {nameOf(each.id)}
                </option>
              ))}
            </select>
          ) : (
            <input value={me.account.store === null ? store : nameOf(store)} readOnly={me.account.store !== null} onChange={(event) => choose(event.target.value)} />
          )}
        </label>
        <span className="soft">{t("register.till", { till: tillName(), who: me.account.name || me.account.email })}</span>
        <LanguageSwitch />
      </header>
      <p className="note">{t("register.training")}</p>
      {error !== undefined && <Failed error={error} again={again} />}
      <main className="floor">
        <Sale document={shop.document} store={store} takesVouchers={takesVouchers} done={() => setSold(listSold())} />
        <div className="side">
          <Block title={t("register.line")}>
            <Ladder />
          </Block>
          <Block title={t("register.sold")}>
            <SoldList sold={sold} document={shop.document} changed={() => setSold(listSold())} />
          </Block>
        </div>
      </main>
    </div>
  );
}
