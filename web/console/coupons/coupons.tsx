/** Coupons of the programme, with their lists of codes: made here, or brought by a partner. */
import { useQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Flex, Input, Tag, Typography } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, dateTime, share } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useLive } from "../programme/asking";
import { called, documentOf, offersOf, textOf, within, type Settings } from "../programme/document";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import "../programme/programme.css";
import { Ending, type List } from "./ending";
import { Making } from "./making";

type Coupon = Shapes["CouponView"];

function CodeLists({ coupon, end }: { coupon: Coupon; end: (list: List) => void }) {
  const mayWrite = useMay("coupons:write");
  if (coupon.lists.length + coupon.partner_lists.length === 0) return <Typography.Text type="secondary">{t("coupons.lists.none")}</Typography.Text>;
  const rows = [
    ...coupon.lists.map((each) => ({ ...each, gone: each.used_up, until: null, partner: false })),
    ...coupon.partner_lists.map((each) => ({ ...each, gone: each.handed, until: each.valid_until, partner: true })),
  ];
  return (
    <Rows
      rows={rows}
      label={t("coupons.lists")}
      empty={t("coupons.lists.none")}
      idOf={(each) => `${each.batch} ${each.partner}`}
      columns={[
        {
          key: "list",
          title: t("coupons.list"),
          show: (each) => (
            <>
              <bdi>{each.batch}</bdi> {each.partner && <Tag>{t("coupons.partner")}</Tag>}
            </>
          ),
        },
        { key: "codes", title: t("coupons.codes"), end: true, show: (each) => count(each.codes) },
        { key: "gone", title: t("coupons.gone"), end: true, show: (each) => `${count(each.gone)}${each.codes > 0 ? ` (${share(each.gone / each.codes)})` : ""}` },
        { key: "until", title: t("coupons.until"), show: (each) => (each.until === null ? null : dateTime(each.until)) },
        {
          key: "end",
          title: "",
          end: true,
          show: (each) =>
            mayWrite ? (
              <Button size="small" danger autoInsertSpace={false} aria-label={t("coupons.end.of", { batch: each.batch })} onClick={() => end({ coupon: coupon.coupon, batch: each.batch, partner: each.partner })}>
                {t("coupons.end")}
              </Button>
            ) : null,
        },
      ]}
    />
  );
}

function what(settings: Settings | undefined): string {
  const effect = within(settings?.["effect"]);
  const type = textOf(effect["type"]);
  return type === "" ? "" : t(`offers.choice.${type}`);
}

export default function Coupons() {
  useLanguage();
  const query = useQuery({ queryKey: ["coupons"], queryFn: () => ask(api.GET("/v1/coupons")) });
  const live = useLive();
  const mayWrite = useMay("coupons:write");
  const [making, setMaking] = useState<{ coupon: Coupon; partner: boolean } | null>(null);
  const [ending, setEnding] = useState<List | null>(null);
  const [text, setText] = useState("");
  const settings = new Map(
    offersOf(documentOf(live.data?.document))
      .filter((each) => each.mechanic === "coupons")
      .map((each) => [textOf(each.settings["coupon"]), each.settings]),
  );
  const fits = (each: Coupon) => `${called(each.title, "")} ${each.coupon} ${each.lists.map((list) => list.batch).join(" ")}`.toLowerCase().includes(text.trim().toLowerCase());
  return (
    <>
      <Typography.Title level={1} style={{ fontSize: 26, marginTop: 0 }}>
        {t("coupons.title")}
      </Typography.Title>
      <Typography.Paragraph type="secondary">{t("coupons.about")}</Typography.Paragraph>
      <Asked query={query}>
        {({ coupons }) => {
          const shown = coupons.filter(fits);
          return (
            <>
              <Input.Search aria-label={t("coupons.search")} placeholder={t("coupons.search")} style={{ marginBottom: 16, maxWidth: 360 }} value={text} onChange={(event) => setText(event.target.value)} />
              {shown.length === 0 && <Empty description={t(coupons.length === 0 ? "coupons.none" : "coupons.unfound")} />}
              <Flex vertical gap={16}>
                {shown.map((coupon) => {
                  const mine = settings.get(coupon.coupon);
                  const ofPartner = within(mine?.["effect"])["type"] === "partner";
                  return (
                    <Card
                      key={coupon.coupon}
                      size="small"
                      title={<bdi>{called(coupon.title, coupon.coupon)}</bdi>}
                      extra={
                        mayWrite && (
                          <Button size="small" onClick={() => setMaking({ coupon, partner: ofPartner })}>
                            {t(ofPartner ? "coupons.bring" : "coupons.make")}
                          </Button>
                        )
                      }
                    >
                      <Flex gap={8} wrap style={{ marginBottom: 8 }}>
                        <Typography.Text code>{coupon.coupon}</Typography.Text>
                        {what(mine) !== "" && <Tag>{what(mine)}</Tag>}
                        {typeof mine?.["days"] === "number" && <Tag>{t("coupons.held", { count: mine["days"] })}</Tag>}
                      </Flex>
                      <CodeLists coupon={coupon} end={setEnding} />
                    </Card>
                  );
                })}
              </Flex>
            </>
          );
        }}
      </Asked>
      {making !== null && <Making coupon={making.coupon} partner={making.partner} close={() => setMaking(null)} />}
      {ending !== null && <Ending list={ending} close={() => setEnding(null)} />}
    </>
  );
}
