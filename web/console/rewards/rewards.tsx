/** What members may take for points: prices, ends, and how many there are. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Empty, Flex, InputNumber, Modal, Tag, Typography } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, day, money } from "../../kit/format";
import { knows, t, useLanguage } from "../../kit/words";
import { Asked, Failed } from "../shell/asked";
import { useLive } from "../programme/asking";
import { called, documentOf, within, type Document } from "../programme/document";
import { Mark } from "../shell/mark";
import { useMay } from "../shell/session";
import "../programme/programme.css";

type Reward = Shapes["Reward"];
const LOW = 10;

function priceOf(way: Shapes["Way"], document: Document): string {
  const name = called(within(within(document["currencies"])[way.currency])["name"], way.currency);
  const points = t("rewards.points", { points: count(way.points), name });
  return way.cash_minor > 0 ? t("rewards.and.money", { points, money: money(way.cash_minor, document.money) }) : points;
}

function Left({ left }: { left: number | null }) {
  if (left === null) return <Tag>{t("rewards.unlimited")}</Tag>;
  return <Mark tone={left === 0 ? "bad" : left < LOW ? "warn" : "good"}>{left === 0 ? t("rewards.gone") : t("rewards.left", { count: left })}</Mark>;
}

/** Which rewards are counted is said by the programme; only those have a stock to set. */
function Stocking({ reward, close }: { reward: Reward; close: () => void }) {
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [amount, setAmount] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    if (amount === null) return;
    setBusy(true);
    setError(null);
    try {
      const stock = await ask(api.PUT("/v1/rewards/{reward}/stock", { params: { path: { reward: reward.reward } }, body: { amount } }));
      void message.success(t("rewards.stock.done", { count: stock.left }));
      void queries.invalidateQueries({ queryKey: ["rewards"] });
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal open title={t("rewards.stock.of", { name: reward.title })} okText={t("rewards.save")} okButtonProps={{ disabled: amount === null }} confirmLoading={busy} onOk={() => void save()} onCancel={close}>
      {error !== null && <Failed error={error} again={save} busy={busy} />}
      <Typography.Paragraph>{t("rewards.stock.about")}</Typography.Paragraph>
      <label htmlFor="stock">{t("rewards.stock.in.all")}</label>
      <div>
        <InputNumber<number> id="stock" min={0} max={Number.MAX_SAFE_INTEGER} precision={0} autoFocus value={amount} onChange={setAmount} style={{ width: 200 }} />
      </div>
    </Modal>
  );
}

function RewardCard({ reward, document, stock }: { reward: Reward; document: Document; stock: (reward: Reward) => void }) {
  const mayStock = useMay("program:release");
  return (
    <Card size="small" className="offer-card" role="listitem" aria-label={reward.title}>
      <Typography.Title level={2} className="offer-name">
        <bdi>{reward.title}</bdi>
      </Typography.Title>
      <Flex gap={4} wrap style={{ marginBottom: 8 }}>
        <Tag>{knows(`offers.choice.${reward.sort}`) ? t(`offers.choice.${reward.sort}`) : reward.sort}</Tag>
        <Left left={reward.left} />
        {reward.until !== null && <Tag>{t("rewards.until", { day: day(reward.until) })}</Tag>}
      </Flex>
      {reward.text !== "" && (
        <Typography.Paragraph type="secondary">
          <bdi>{reward.text}</bdi>
        </Typography.Paragraph>
      )}
      <ul className="clauses" style={{ flex: 1 }}>
        {reward.ways.map((way) => (
          <li key={way.way}>{priceOf(way, document)}</li>
        ))}
        {reward.collect_days !== null && <li>{t("rewards.collect", { count: reward.collect_days })}</li>}
      </ul>
      {mayStock && reward.left !== null && (
        <div style={{ marginTop: 8 }}>
          <Button size="small" onClick={() => stock(reward)} aria-label={t("rewards.stock.change", { name: reward.title })}>
            {t("rewards.stock")}
          </Button>
        </div>
      )}
    </Card>
  );
}

export default function Rewards() {
  const lang = useLanguage();
  const query = useQuery({ queryKey: ["rewards", lang], queryFn: () => ask(api.GET("/v1/rewards", { params: { query: { lang } } })) });
  const live = useLive();
  const [stocked, setStocked] = useState<Reward | null>(null);
  return (
    <>
      <Typography.Title level={1} style={{ fontSize: 26, marginTop: 0 }}>
        {t("rewards.title")}
      </Typography.Title>
      <Typography.Paragraph type="secondary">{t("rewards.about")}</Typography.Paragraph>
      <Asked query={query}>
        {({ rewards }) => (
          <>
            {rewards.length === 0 && <Empty description={t("rewards.none")} />}
            <div className="offer-cards" role="list">
              {rewards.map((reward) => (
                <RewardCard key={reward.reward} reward={reward} document={documentOf(live.data?.document)} stock={setStocked} />
              ))}
            </div>
          </>
        )}
      </Asked>
      {stocked !== null && <Stocking reward={stocked} close={() => setStocked(null)} />}
    </>
  );
}
