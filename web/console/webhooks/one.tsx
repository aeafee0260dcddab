/** One webhook: what was sent and what was answered; try it, send again, change it, give it another secret. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex, Select } from "antd";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api, ask, askWhole, newKey, Problem, type Shapes } from "../../client";
import { count, dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { Facts, Listing } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, Fault, useWrite } from "../shell/write";
import { EVERY, Fields, Standing, toBody, type Told } from "./fields";
import { Secret } from "./webhooks";

type Webhook = Shapes["Webhook"];
type State = Shapes["Delivery"]["state"];
const TONES: Record<State, Tone> = { waiting: "warn", delivered: "good", failed: "bad" };
const stamp = (webhook: Webhook) => `"${webhook.version}"`;

export default function One() {
  useLanguage();
  const { webhook = "" } = useParams();
  const query = useQuery({ queryKey: ["webhooks", "one", webhook], queryFn: () => askWhole(api.GET("/v1/webhooks/{webhook}", { params: { path: { webhook } } })) });
  return <Asked query={query}>{({ data, headers }) => <Shown webhook={data} version={headers.get("ETag") ?? stamp(data)} />}</Asked>;
}

function Shown({ webhook, version }: { webhook: Webhook; version: string }) {
  const mayWrite = useMay("webhooks:write");
  const [doing, setDoing] = useState<"change" | "remove" | null>(null);
  const [made, setMade] = useState<Shapes["WebhookMade"] | null>(null);
  const go = useNavigate();
  const path = { webhook: webhook.id };
  const touches = [["webhooks"]];
  const named = () => ({ path, header: { "Idempotency-Key": newKey() } });
  const test = useWrite(() => ask(api.POST("/v1/webhooks/{webhook}/test", { params: named() })), { touches, said: t("webhooks.test.done") });
  const replay = useWrite(() => ask(api.POST("/v1/webhooks/{webhook}/replay", { params: named(), body: { what: "failed" } })), { touches, said: t("webhooks.replay.done") });
  const rotate = useWrite(() => ask(api.POST("/v1/webhooks/{webhook}/rotate-secret", { params: named(), body: {} })), { touches, said: t("webhooks.saved"), done: setMade });
  const remove = useWrite(() => ask(api.DELETE("/v1/webhooks/{webhook}", { params: { path, header: { "If-Match": version } } })), {
    touches: [["webhooks", "list"]],
    said: t("webhooks.removed"),
    done: () => void go("/webhooks"),
  });
  const error = test.error ?? replay.error ?? rotate.error;
  return (
    <>
      <Head back={{ to: "/webhooks", label: t("webhooks.title") }} title={<bdi>{webhook.description || webhook.url}</bdi>}>
        {mayWrite && (
          <>
            <Button type="primary" onClick={() => setDoing("change")}>
              {t("webhooks.change")}
            </Button>
            <Button loading={test.isBusy} onClick={() => test.run(undefined)}>
              {t("webhooks.test")}
            </Button>
            <Button loading={replay.isBusy} onClick={() => replay.run(undefined)}>
              {t("webhooks.replay")}
            </Button>
            <Button loading={rotate.isBusy} onClick={() => rotate.run(undefined)}>
              {t("webhooks.rotate")}
            </Button>
            <Button danger onClick={() => setDoing("remove")}>
              {t("webhooks.remove")}
            </Button>
          </>
        )}
      </Head>
      {error !== null && <Fault error={error} />}
      <Facts
        facts={[
          [t("webhooks.url"), <bdi key="url" className="code">{webhook.url}</bdi>],
          [t("webhooks.state"), <Standing key="state" webhook={webhook} />],
          [t("webhooks.kinds"), webhook.kinds.includes(EVERY) ? t("console.all") : webhook.kinds.join(", ")],
        ]}
      />
      <Deliveries webhook={webhook.id} />
      {doing === "change" && <Change webhook={webhook} version={version} close={() => setDoing(null)} />}
      <Dialog<object> open={doing === "remove"} title={t("webhooks.remove.title")} about={t("webhooks.remove.about")} close={() => setDoing(null)} write={remove} go={t("webhooks.remove")} danger />
      <Secret made={made} close={() => setMade(null)} />
    </>
  );
}

/** Somebody else may change it meanwhile: then their version is shown, and who sits here chooses. */
function Change({ webhook, version, close }: { webhook: Webhook; version: string; close: () => void }) {
  const [base, setBase] = useState(version);
  const [theirs, setTheirs] = useState<Webhook | null>(null);
  const write = useWrite(
    async (told: Told) => {
      const params = { path: { webhook: webhook.id } };
      try {
        return await ask(api.PUT("/v1/webhooks/{webhook}", { params: { ...params, header: { "If-Match": base } }, body: toBody(told) }));
      } catch (error) {
        if (error instanceof Problem && error.code === "webhook_changed") {
          const now = await askWhole(api.GET("/v1/webhooks/{webhook}", { params }));
          setTheirs(now.data);
          setBase(now.headers.get("ETag") ?? stamp(now.data));
        }
        throw error;
      }
    },
    { touches: [["webhooks"]], said: t("webhooks.saved"), done: close },
  );
  return (
    <Dialog<Told> open title={t("webhooks.change")} close={close} write={write} go={theirs === null ? t("webhooks.save") : t("webhooks.save.mine")} initialValues={{ ...webhook, kinds: webhook.kinds.filter((each) => each !== EVERY) }}>
      {theirs !== null && (
        <Alert
          type="warning"
          style={{ marginBottom: 16 }}
          title={t("webhooks.theirs")}
          description={
            <Facts
              facts={[
                [t("webhooks.url"), <bdi key="url" className="code">{theirs.url}</bdi>],
                [t("webhooks.description"), <bdi key="about">{theirs.description}</bdi>],
                [t("webhooks.kinds"), theirs.kinds.includes(EVERY) ? t("console.all") : theirs.kinds.join(", ")],
                [t("webhooks.enabled"), theirs.is_enabled ? t("console.yes") : t("console.no")],
              ]}
            />
          }
        />
      )}
      <Fields />
    </Dialog>
  );
}

function Deliveries({ webhook }: { webhook: string }) {
  const [state, setState] = useState<State | "">("");
  const list = usePages(["webhooks", "deliveries", webhook, state], async (cursor) => {
    const query = { limit: 50, ...(state && { state }), ...(cursor && { cursor }) };
    const page = await ask(api.GET("/v1/webhooks/{webhook}/deliveries", { params: { path: { webhook }, query } }));
    return { rows: page.deliveries, next: page.next };
  });
  return (
    <Part
      title={t("webhooks.deliveries")}
      extra={
        <Flex>
          <Select<State | "">
            aria-label={t("webhooks.state")}
            value={state}
            onChange={setState}
            style={{ minWidth: 140 }}
            options={[{ value: "", label: t("console.all") }, ...(["waiting", "delivered", "failed"] as const).map((each) => ({ value: each, label: t(`webhooks.delivery.${each}`) }))]}
          />
        </Flex>
      }
    >
      <Listing
        list={list}
        label={t("webhooks.deliveries")}
        idOf={(row) => row.delivery.id}
        empty={t("webhooks.deliveries.none")}
        columns={[
          { key: "at", title: t("webhooks.at"), show: (row) => dateTime(row.delivery.created_at) },
          { key: "kind", title: t("webhooks.event"), show: (row) => <span className="code">{row.delivery.kind}</span> },
          { key: "state", title: t("webhooks.state"), show: (row) => <Mark tone={TONES[row.delivery.state]}>{t(`webhooks.delivery.${row.delivery.state}`)}</Mark> },
          { key: "tries", title: t("webhooks.tries"), end: true, show: (row) => count(row.delivery.attempts) },
          {
            key: "answer",
            title: t("webhooks.answer"),
            show: ({ attempts }) => {
              const last = attempts.at(-1);
              return last === undefined ? "" : <bdi>{last.status === null ? last.error : `${last.status}, ${count(last.duration_ms)} ms`}</bdi>;
            },
          },
        ]}
      />
    </Part>
  );
}
