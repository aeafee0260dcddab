/** The coupons in a member's hands; and one more, given by hand to make up for something. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, DatePicker, Form, Input, Modal, Select, Typography } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { day } from "../../kit/format";
import { t } from "../../kit/words";
import { documentOf, offersOf, textOf, within } from "../programme/document";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { Mark } from "../shell/mark";
import { inLanguage } from "../shell/names";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type Given = Shapes["CouponGiven"];

export function Coupons({ member }: { member: Shapes["MemberView"] }) {
  const may = [useMay("coupons:give"), useMay("coupons:read"), member.state === "active" || member.state === "frozen"].every(Boolean);
  const [giving, setGiving] = useState(false);
  const [given, setGiven] = useState<Given | null>(null);
  const query = useQuery({ queryKey: ["member", member.id, "coupons"], queryFn: () => ask(api.GET("/v1/members/{member}/coupons", { params: { path: { member: member.id } } })) });
  return (
    <Part title={t("members.coupons")} extra={may && <Button onClick={() => setGiving(true)}>{t("members.give")}</Button>}>
      <Asked query={query}>
        {(wallet) => (
          <Rows
            rows={[
              ...wallet.coupons.map((each) => ({ ...each, code: "" })),
              ...wallet.own_codes.map((each) => ({ ...each, name: each.code, since: "", until: each.valid_until === null ? "" : dayjs(each.valid_until).subtract(1, "ms").format("YYYY-MM-DD") })),
              ...wallet.partner_codes.map((each) => ({ coupon: each.coupon, name: each.code, code: each.code, title: {}, state: "usable" as const, since: "", until: each.valid_until?.slice(0, 10) ?? "" })),
            ]}
            label={t("members.coupons")}
            idOf={(row) => row.name}
            empty={t("members.coupons.none")}
            columns={[
              { key: "title", title: t("members.coupon"), show: (row) => <bdi>{inLanguage(row.title, row.coupon)}</bdi> },
              { key: "state", title: t("members.state"), show: (row) => <Mark tone={row.state === "usable" ? "good" : "plain"}>{t(`members.coupon.${row.state}`)}</Mark> },
              { key: "until", title: t("members.until"), show: (row) => (row.until === "" ? "" : day(row.until)) },
              { key: "code", title: t("members.coupon.code"), show: (row) => <bdi className="code">{row.code}</bdi> },
            ]}
          />
        )}
      </Asked>
      {giving && (
        <Give
          member={member.id}
          close={() => setGiving(false)}
          done={(made) => {
            setGiving(false);
            setGiven(made);
          }}
        />
      )}
      {given !== null && <Told given={given} close={() => setGiven(null)} />}
    </Part>
  );
}

/** The names of coupons whose codes are a partner's: they are handed out of the partner's list, and not made here. */
function usePartners(): ReadonlySet<string> {
  const { data } = useQuery({ queryKey: ["program"], queryFn: () => ask(api.GET("/v1/program")), staleTime: 300_000 });
  const coupons = offersOf(documentOf(data?.document)).filter((each) => each.mechanic === "coupons");
  return new Set(coupons.filter((each) => within(each.settings["effect"])["type"] === "partner").map((each) => textOf(each.settings["coupon"])));
}

function Give({ member, close, done }: { member: string; close: () => void; done: (given: Given) => void }) {
  const [key] = useState(newKey);
  const partners = usePartners();
  const query = useQuery({ queryKey: ["coupons"], queryFn: () => ask(api.GET("/v1/coupons")) });
  const write = useWrite(
    ({ coupon, reason, until }: { coupon: string; reason: string; until?: Dayjs | null }) =>
      ask(
        api.POST("/v1/members/{member}/coupons", {
          params: { path: { member }, header: { "Idempotency-Key": key } },
          body: { coupon, reason, ...(until && { valid_until: until.add(1, "day").startOf("day").toISOString() }) },
        }),
      ),
    { touches: [["coupons"], ["member", member, "coupons"]], said: t("members.give.done"), done },
  );
  const coupons = (query.data?.coupons ?? []).filter((each) => !partners.has(each.coupon));
  return (
    <Dialog<{ coupon: string; reason: string; until?: Dayjs | null }> open title={t("members.give")} about={t("members.give.about")} close={close} write={write} go={t("members.give.go")}>
      {query.error !== null && <Asked query={query}>{() => null}</Asked>}
      <Form.Item name="coupon" label={t("members.coupon")} rules={[chosen()]}>
        <Select
          loading={query.isPending}
          notFoundContent={t("members.give.none")}
          options={coupons.map((each) => ({ value: each.coupon, label: inLanguage(each.title, each.coupon) }))}
        />
      </Form.Item>
      <Form.Item name="until" label={t("members.give.until")} extra={t("members.give.until.about")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name="reason" label={t("members.reason")} rules={[needed(), { min: 3, message: t("members.reason.short") }]}>
        <Input.TextArea rows={2} maxLength={200} />
      </Form.Item>
    </Dialog>
  );
}

/** The code, to be told to the member now; it stands in the wallet, too. */
function Told({ given, close }: { given: Given; close: () => void }) {
  return (
    <Modal
      open
      title={t("members.given.title", { coupon: inLanguage(given.title, given.coupon) })}
      onCancel={close}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={close}>
          {t("members.given.told")}
        </Button>
      }
    >
      <Alert type="info" showIcon title={t("members.given.once")} style={{ marginBottom: 12 }} />
      <Typography.Paragraph copyable className="code" style={{ fontSize: 20 }}>
        {given.code}
      </Typography.Paragraph>
      <Typography.Paragraph type="secondary">{t("members.given.about")}</Typography.Paragraph>
    </Modal>
  );
}
