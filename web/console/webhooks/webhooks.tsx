/** Where events are sent, and how much is on its way. */
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Modal, Statistic, Typography } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, ask, newKey, type Shapes } from "../../client";
import { ago, count } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { Listing } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, useWrite } from "../shell/write";
import { EVERY, Fields, Standing, toBody, type Told } from "./fields";

export default function Webhooks() {
  useLanguage();
  const mayWrite = useMay("webhooks:write");
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Shapes["WebhookMade"] | null>(null);
  const figures = useQuery({ queryKey: ["webhooks", "figures"], queryFn: () => ask(api.GET("/v1/webhooks/figures")) });
  const list = usePages(["webhooks", "list"], async (cursor) => {
    const page = await ask(api.GET("/v1/webhooks", { params: { query: { limit: 50, ...(cursor && { cursor }) } } }));
    return { rows: page.webhooks, next: page.next };
  });
  return (
    <>
      <Head title={t("webhooks.title")} about={t("webhooks.about")}>
        {mayWrite && (
          <Button type="primary" onClick={() => setMaking(true)}>
            {t("webhooks.new")}
          </Button>
        )}
      </Head>
      <Asked query={figures}>
        {(told) => (
          <div className="cards" style={{ marginBottom: 16 }}>
            {(["waiting", "delivered", "failed", "disabled"] as const).map((each) => (
              <Card key={each} size="small">
                <Statistic title={t(`webhooks.figure.${each}`)} value={told[each]} formatter={(value) => count(Number(value))} />
              </Card>
            ))}
          </div>
        )}
      </Asked>
      <Listing
        list={list}
        label={t("webhooks.title")}
        idOf={(row) => row.id}
        empty={t("webhooks.none")}
        columns={[
          { key: "url", title: t("webhooks.url"), show: (row) => <Link to={`/webhooks/${row.id}`}><bdi className="code">{row.url}</bdi></Link> },
          { key: "about", title: t("webhooks.description"), show: (row) => <bdi>{row.description}</bdi> },
          { key: "kinds", title: t("webhooks.kinds"), show: (row) => (row.kinds.includes(EVERY) ? t("console.all") : <span className="code">{row.kinds.join(", ")}</span>) },
          { key: "state", title: t("webhooks.state"), show: (row) => <Standing webhook={row} /> },
          { key: "changed", title: t("webhooks.changed"), show: (row) => ago(row.changed_at) },
        ]}
      />
      {making && <Make close={() => setMaking(false)} done={setMade} />}
      <Secret made={made} close={() => setMade(null)} />
    </>
  );
}

function Make({ close, done }: { close: () => void; done: (made: Shapes["WebhookMade"]) => void }) {
  const [key] = useState(newKey);
  const write = useWrite((told: Told) => ask(api.POST("/v1/webhooks", { params: { header: { "Idempotency-Key": key } }, body: toBody(told) })), {
    touches: [["webhooks"]],
    said: t("webhooks.saved"),
    done: (made) => {
      close();
      done(made);
    },
  });
  return (
    <Dialog<Told> open title={t("webhooks.new")} close={close} write={write} go={t("webhooks.make")} initialValues={{ is_enabled: true }}>
      <Fields />
    </Dialog>
  );
}

/** A secret that was just given, told this once. */
export function Secret({ made, close }: { made: Shapes["WebhookMade"] | null; close: () => void }) {
  return (
    <Modal open={made !== null} title={t("webhooks.secret")} onCancel={close} mask={{ closable: false }} footer={<Button type="primary" onClick={close}>{t("webhooks.secret.kept")}</Button>}>
      <p>{t("webhooks.secret.about")}</p>
      <Typography.Paragraph copyable className="code">
        {made?.secret ?? ""}
      </Typography.Paragraph>
    </Modal>
  );
}
