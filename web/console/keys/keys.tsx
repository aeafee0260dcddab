/** Keys of programs: what each may do, when it was last used; made, and revoked. */
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, Modal, Select, Switch, Typography } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { api, ask, askWhole, type Shapes } from "../../client";
import { ago, date } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Head } from "../shell/head";
import { Mark } from "../shell/mark";
import { Rows } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type Key = Shapes["Key"];

function Standing({ row }: { row: Key }) {
  if (row.revoked_at) return <Mark>{t("keys.revoked")}</Mark>;
  if (row.expires_at && new Date(row.expires_at) < new Date()) return <Mark>{t("keys.ended")}</Mark>;
  return <Mark tone="good">{t("keys.works")}</Mark>;
}

export default function Keys() {
  useLanguage();
  const mayWrite = useMay("keys:write");
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [token, setToken] = useState<string | null>(null);
  const query = useQuery({ queryKey: ["keys"], queryFn: () => ask(api.GET("/v1/keys")) });
  const revoke = useWrite(() => ask(api.POST("/v1/keys/{prefix}/revoke", { params: { path: { prefix: revoking?.prefix ?? "" } } })), {
    touches: [["keys"]],
    said: t("keys.revoke.done"),
    done: () => setRevoking(null),
  });
  return (
    <>
      <Head title={t("keys.title")} about={t("keys.about")}>
        {mayWrite && (
          <Button type="primary" onClick={() => setMaking(true)}>
            {t("keys.new")}
          </Button>
        )}
      </Head>
      <Asked query={query}>
        {({ keys }) => (
          <Rows
            rows={keys}
            label={t("keys.title")}
            idOf={(row) => row.id}
            empty={t("keys.none")}
            columns={[
              { key: "name", title: t("keys.name"), show: (row) => <bdi>{row.name}</bdi> },
              { key: "prefix", title: t("keys.prefix"), show: (row) => <span className="code">{row.prefix}</span> },
              { key: "scopes", title: t("keys.scopes"), show: (row) => <span className="code">{row.scopes.slice(0, 4).join(", ") + (row.scopes.length > 4 ? ` +${row.scopes.length - 4}` : "")}</span> },
              { key: "store", title: t("keys.store"), show: (row) => <bdi>{[row.store, row.till].filter(Boolean).join(" / ")}</bdi> },
              { key: "used", title: t("keys.used"), show: (row) => (row.last_used_at ? ago(row.last_used_at) : t("keys.never")) },
              { key: "ends", title: t("keys.ends"), show: (row) => (row.expires_at ? date(row.expires_at) : "") },
              { key: "state", title: t("keys.state"), show: (row) => <Standing row={row} /> },
              {
                key: "do",
                title: "",
                show: (row) =>
                  mayWrite &&
                  !row.revoked_at && (
                    <Button size="small" danger onClick={() => setRevoking(row)}>
                      {t("keys.revoke")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Asked>
      {making && <Make close={() => setMaking(false)} done={setToken} />}
      <Dialog<object> open={revoking !== null} title={t("keys.revoke.title", { name: revoking?.name ?? "" })} close={() => setRevoking(null)} write={revoke} go={t("keys.revoke")} danger about={t("keys.revoke.about")} />
      <Modal open={token !== null} title={t("keys.made")} onCancel={() => setToken(null)} footer={<Button type="primary" onClick={() => setToken(null)}>{t("keys.kept")}</Button>} mask={{ closable: false }}>
        <p>{t("keys.made.about")}</p>
        <Typography.Paragraph copyable className="code">
          {token ?? ""}
        </Typography.Paragraph>
      </Modal>
    </>
  );
}

function Make({ close, done }: { close: () => void; done: (token: string) => void }) {
  interface Told {
    readonly name: string;
    readonly scopes: string[];
    readonly store?: string;
    readonly till?: string;
    readonly expires?: Dayjs | null;
    readonly signed_only: boolean;
  }
  const { scopes } = useMe();
  const write = useWrite(
    ({ expires, store, till, ...told }: Told) =>
      askWhole(
        api.POST("/v1/keys", {
          body: { ...told, ...(store?.trim() && { store: store.trim() }), ...(till?.trim() && { till: till.trim() }), ...(expires && { expires_at: expires.endOf("day").toISOString() }) },
        }),
      ),
    {
      touches: [["keys"]],
      said: t("keys.made"),
      waits: (answer) => answer.status === 202,
      done: ({ data }) => {
        close();
        if ("token" in data) done(data.token);
      },
    },
  );
  return (
    <Dialog<Told> open title={t("keys.new")} close={close} write={write} go={t("keys.make")} initialValues={{ signed_only: false }}>
      <Form.Item name="name" label={t("keys.name")} extra={t("keys.name.about")} rules={[needed()]}>
        <Input maxLength={100} />
      </Form.Item>
      <Form.Item name="scopes" label={t("keys.scopes")} rules={[chosen()]}>
        <Select mode="multiple" options={scopes.filter((each) => each !== "me:own" && each !== "session:own").map((each) => ({ value: each, label: each }))} />
      </Form.Item>
      <Form.Item name="store" label={t("keys.store")} extra={t("keys.store.about")}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="till" label={t("keys.till")}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="expires" label={t("keys.ends")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="signed_only" label={t("keys.signed")} valuePropName="checked">
        <Switch />
      </Form.Item>
    </Dialog>
  );
}
