/** A reward ordered for a member who stands at the desk: what they can have now, and by which way they pay. */
import { Form, InputNumber, Select } from "antd";
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { api, ask, askWhole, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useNames } from "../shell/names";
import { chosen, Dialog, useWrite } from "../shell/write";

type Way = Shapes["WayOpen"];
const CHOICES_MAX = 50;

interface Told {
  readonly reward: string;
  readonly way: number;
  readonly quantity: number;
}

export function Ordering({ member, close }: { member: string; close: () => void }) {
  const names = useNames();
  const lang = useLanguage();
  const [reward, setReward] = useState("");
  const [named] = useState(() => ({ id: newKey(), source: "console", occurred_at: ledgerNow().toISOString(), member: { id: member } }));
  const query = useQuery({
    queryKey: ["member", member, "rewards", lang],
    queryFn: () => ask(api.GET("/v1/members/{member}/rewards", { params: { path: { member }, query: { limit: CHOICES_MAX, lang } } })),
  });
  const write = useWrite((told: Told) => askWhole(api.POST("/v1/activities", { body: { ...named, kind: "reward", ask: { ...told } } })), {
    touches: [["member", member]],
    said: t("members.order.made"),
    done: close,
    waits: (answer) => answer.status === 202,
  });
  const rewards = query.data?.rewards ?? [];
  const ways = rewards.find((each) => each.reward === reward)?.ways ?? [];
  const price = (way: Way) =>
    [`${count(way.points)} ${names.currency(way.currency)}`, ...(way.cash_minor > 0 ? [names.amount(way.cash_minor)] : [])].join(" + ");
  return (
    <Dialog<Told> open title={t("members.order.new")} about={t("members.order.new.about")} close={close} write={write} go={t("members.order.go")} initialValues={{ quantity: 1 }}>
      {query.error !== null && <Asked query={query}>{() => null}</Asked>}
      <Form.Item name="reward" label={t("members.reward")} rules={[chosen()]}>
        <Select<string>
          loading={query.isPending}
          onChange={setReward}
          notFoundContent={t("members.order.nothing")}
          options={rewards.map((each) => ({ value: each.reward, label: each.available ? each.title : t("members.order.not_now", { reward: each.title }), disabled: !each.available }))}
        />
      </Form.Item>
      <Form.Item name="way" label={t("members.order.way")} rules={[chosen()]} dependencies={["reward"]}>
        <Select options={ways.map((each) => ({ value: each.way, label: price(each), disabled: !each.available }))} />
      </Form.Item>
      <Form.Item name="quantity" label={t("members.order.quantity")} rules={[chosen()]}>
        <InputNumber precision={0} min={1} max={100} style={{ width: "100%" }} />
      </Form.Item>
    </Dialog>
  );
}
