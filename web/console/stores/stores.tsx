/** Stores and their tills: what is known of each, and where activities come from that nobody has written down. */
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Switch } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ago, count, date } from "../../kit/format";
import { language, t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { Mark } from "../shell/mark";
import { Listing, Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, needed, useWrite } from "../shell/write";
import { Sheet } from "../shell/sheet";

type Store = Shapes["Store"];
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const nameOf = (store: Store) => (language() === "zh-CN" ? store.name_zh || store.name_en : store.name_en || store.name_zh);

export default function Stores() {
  useLanguage();
  const mayWrite = useMay("estate:write");
  const [changing, setChanging] = useState<Store | "new" | null>(null);
  const [tills, setTills] = useState<Store | null>(null);
  const list = usePages(["stores"], async (cursor) => {
    const page = await ask(api.GET("/v1/stores", { params: { query: { limit: 100, ...(cursor && { cursor }) } } }));
    return { rows: page.stores, next: page.next };
  });
  return (
    <>
      <Head title={t("stores.title")} about={t("stores.about")}>
        {mayWrite && (
          <Button type="primary" onClick={() => setChanging("new")}>
            {t("stores.new")}
          </Button>
        )}
      </Head>
      <Listing
        list={list}
        label={t("stores.title")}
        idOf={(row) => row.id}
        empty={t("stores.none")}
        columns={[
          { key: "id", title: t("stores.number"), show: (row) => <bdi className="code">{row.id}</bdi> },
          { key: "name", title: t("stores.name"), show: (row) => <bdi>{nameOf(row)}</bdi> },
          { key: "region", title: t("stores.region"), show: (row) => <bdi>{row.region}</bdi> },
          { key: "zone", title: t("stores.zone"), show: (row) => row.time_zone },
          { key: "open", title: t("stores.state"), show: (row) => <Mark tone={row.is_open ? "good" : "plain"}>{row.is_open ? t("stores.open") : t("stores.closed")}</Mark> },
          {
            key: "tills",
            title: "",
            show: (row) => (
              <>
                <Button size="small" onClick={() => setTills(row)}>
                  {t("stores.tills")}
                </Button>{" "}
                {mayWrite && (
                  <Button size="small" onClick={() => setChanging(row)}>
                    {t("stores.change")}
                  </Button>
                )}
              </>
            ),
          },
        ]}
      />
      <Unknown />
      {changing !== null && <Change store={changing === "new" ? null : changing} close={() => setChanging(null)} />}
      <Sheet open={tills !== null} close={() => setTills(null)} title={tills === null ? "" : t("stores.tills.of", { store: nameOf(tills) || tills.id })}>
        {tills !== null && <Tills store={tills.id} />}
      </Sheet>
    </>
  );
}

function Change({ store, close }: { store: Store | null; close: () => void }) {
  interface Told {
    readonly id: string;
    readonly name_en?: string;
    readonly name_zh?: string;
    readonly region?: string;
    readonly time_zone: string;
    readonly is_open: boolean;
  }
  const write = useWrite(
    ({ id, ...body }: Told) => ask(api.PUT("/v1/stores/{store}", { params: { path: { store: id } }, body })),
    { touches: [["stores"]], said: t("stores.saved"), done: close },
  );
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Dialog<Told> open title={store === null ? t("stores.new") : t("stores.change")} close={close} write={write} go={t("stores.save")} initialValues={store ?? { is_open: true, time_zone: zone, name_en: "", name_zh: "", region: "" }}>
      <Form.Item name="id" label={t("stores.number")} extra={t("stores.number.about")} rules={[needed(), { pattern: ID, message: t("stores.number.wrong") }]}>
        <Input disabled={store !== null} maxLength={64} />
      </Form.Item>
      <Form.Item name="name_zh" label={t("stores.name.zh")}>
        <Input maxLength={100} />
      </Form.Item>
      <Form.Item name="name_en" label={t("stores.name.en")}>
        <Input maxLength={100} />
      </Form.Item>
      <Form.Item name="region" label={t("stores.region")}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="time_zone" label={t("stores.zone")} rules={[needed()]}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="is_open" label={t("stores.open")} valuePropName="checked">
        <Switch />
      </Form.Item>
    </Dialog>
  );
}

function Tills({ store }: { store: string }) {
  const mayWrite = useMay("estate:write");
  const [adding, setAdding] = useState(false);
  const list = usePages(["tills", store], async (cursor) => {
    const page = await ask(api.GET("/v1/tills", { params: { query: { store, limit: 100, ...(cursor && { cursor }) } } }));
    return { rows: page.tills, next: page.next };
  });
  const add = useWrite(
    ({ till, name }: { till: string; name?: string }) => ask(api.PUT("/v1/stores/{store}/tills/{till}", { params: { path: { store, till } }, body: { name: name ?? "" } })),
    { touches: [["tills", store]], said: t("stores.saved"), done: () => setAdding(false) },
  );
  const retire = useWrite((till: string) => ask(api.POST("/v1/stores/{store}/tills/{till}/retire", { params: { path: { store, till } } })), { touches: [["tills", store]], said: t("stores.retired") });
  return (
    <>
      <Listing
        list={list}
        label={t("stores.tills")}
        idOf={(row) => row.id}
        empty={t("stores.tills.none")}
        columns={[
          { key: "id", title: t("stores.till"), show: (row) => <bdi className="code">{row.id}</bdi> },
          { key: "name", title: t("stores.name"), show: (row) => <bdi>{row.name}</bdi> },
          { key: "state", title: t("stores.state"), show: (row) => (row.retired_at === null ? <Mark tone="good">{t("stores.till.works")}</Mark> : <Mark>{t("stores.till.retired", { day: date(row.retired_at) })}</Mark>) },
          {
            key: "retire",
            title: "",
            show: (row) =>
              mayWrite &&
              row.retired_at === null && (
                <Button size="small" danger loading={retire.isBusy} onClick={() => retire.run(row.id)}>
                  {t("stores.retire")}
                </Button>
              ),
          },
        ]}
      />
      {mayWrite && (
        <Button style={{ marginTop: 12 }} onClick={() => setAdding(true)}>
          {t("stores.till.new")}
        </Button>
      )}
      <Dialog<{ till: string; name?: string }> open={adding} title={t("stores.till.new")} close={() => setAdding(false)} write={add} go={t("stores.save")}>
        <Form.Item name="till" label={t("stores.till")} rules={[needed(), { pattern: ID, message: t("stores.number.wrong") }]}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="name" label={t("stores.name")}>
          <Input maxLength={100} />
        </Form.Item>
      </Dialog>
    </>
  );
}

function Unknown() {
  const query = useQuery({ queryKey: ["stores", "unknown"], queryFn: () => ask(api.GET("/v1/estate/unknown")) });
  return (
    <Asked query={query}>
      {({ places }) =>
        places.length > 0 && (
          <Part title={t("stores.unknown")}>
            <p>{t("stores.unknown.about")}</p>
            <Rows
              rows={places}
              label={t("stores.unknown")}
              idOf={(row) => `${row.what} ${row.id}`}
              empty=""
              columns={[
                { key: "id", title: t("stores.number"), show: (row) => <bdi className="code">{row.id}</bdi> },
                { key: "what", title: t("stores.what"), show: (row) => t(`stores.what.${row.what}`) },
                { key: "many", title: t("stores.activities"), end: true, show: (row) => count(row.activities) },
                { key: "last", title: t("stores.last"), show: (row) => ago(row.last_at) },
              ]}
            />
          </Part>
        )
      }
    </Asked>
  );
}
