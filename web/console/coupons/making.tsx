/** A new list of codes: so many made, or those that are given. Made codes are told once: they are saved as a file. */
import { DownloadOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Flex, Input, InputNumber, Modal, Radio } from "antd";
import { useState } from "react";
import { api, ask, askWhole, newKey, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Failed } from "../shell/asked";
import { called } from "../programme/document";

type Made = Shapes["CodesOut"];

interface Wanted {
  readonly batch: string;
  readonly given: boolean;
  readonly make: number;
  readonly codes: string;
  readonly uses: number;
  readonly until: string;
}

const CODES_MAX = 100_000;
const BATCH = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const split = (text: string): string[] => [...new Set(text.split(/[\s,;，；]+/).filter((each) => each !== ""))];

function download(made: Made) {
  const file = new Blob([`code\n${made.codes.join("\n")}\n`], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${made.coupon}-${made.batch}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function send(coupon: string, partner: boolean, wanted: Wanted, key: string): Promise<{ made: Made | null; waits: boolean; added: number }> {
  const params = { path: { coupon }, header: { "Idempotency-Key": key } };
  const valid_until = wanted.until === "" ? null : new Date(`${wanted.until}T23:59:59`).toISOString();
  const codes = split(wanted.codes);
  if (partner) {
    const body = { batch: wanted.batch, codes, valid_until };
    const { added } = await ask(api.POST("/v1/coupons/{coupon}/partner-codes", { params, body }));
    return { made: null, waits: false, added };
  }
  const how = wanted.given ? { codes } : { make: wanted.make };
  const body = { batch: wanted.batch, uses: wanted.uses, valid_until, valid_from: null, member: null, ...how };
  const { data, status } = await askWhole(api.POST("/v1/coupons/{coupon}/codes", { params, body }));
  if (status === 202 || !("codes" in data)) return { made: null, waits: true, added: 0 };
  return { made: data, waits: false, added: data.codes.length };
}

function Told({ made, close }: { made: Made; close: () => void }) {
  return (
    <Modal open title={t("coupons.made", { count: made.codes.length })} footer={<Button onClick={close}>{t("coupons.close")}</Button>} onCancel={close} mask={{ closable: false }}>
      <Alert type="warning" showIcon title={t("coupons.made.once")} style={{ marginBottom: 12 }} />
      <Flex vertical gap={12}>
        <Button type="primary" icon={<DownloadOutlined aria-hidden />} onClick={() => download(made)}>
          {t("coupons.download")}
        </Button>
        <Input.TextArea readOnly aria-label={t("coupons.codes")} rows={6} value={made.codes.slice(0, 200).join("\n")} />
      </Flex>
    </Modal>
  );
}

function Fields({ partner, wanted, want }: { partner: boolean; wanted: Wanted; want: (next: Wanted) => void }) {
  const given = partner || wanted.given;
  return (
    <Flex vertical gap={6}>
      <label htmlFor="batch">{t("coupons.list")}</label>
      <Input id="batch" value={wanted.batch} maxLength={64} status={wanted.batch !== "" && !BATCH.test(wanted.batch) ? "error" : ""} onChange={(event) => want({ ...wanted, batch: event.target.value.trim() })} />
      <span className="meaning">{t("coupons.list.about")}</span>
      {!partner && (
        <Radio.Group
          value={wanted.given}
          onChange={(event) => want({ ...wanted, given: Boolean(event.target.value) })}
          options={[
            { value: false, label: t("coupons.new") },
            { value: true, label: t("coupons.given") },
          ]}
        />
      )}
      {given ? (
        <>
          <label htmlFor="codes">{t("coupons.codes")}</label>
          <Input.TextArea id="codes" rows={6} className="code" value={wanted.codes} onChange={(event) => want({ ...wanted, codes: event.target.value })} />
          <span className="meaning">{t("coupons.codes.about", { count: split(wanted.codes).length })}</span>
        </>
      ) : (
        <>
          <label htmlFor="make">{t("coupons.how.many")}</label>
          <InputNumber<number> id="make" min={1} max={CODES_MAX} precision={0} value={wanted.make} onChange={(make) => want({ ...wanted, make: make ?? 1 })} style={{ width: 160 }} />
        </>
      )}
      {!partner && (
        <>
          <label htmlFor="uses">{t("coupons.uses")}</label>
          <InputNumber<number> id="uses" min={1} max={1_000_000_000} precision={0} value={wanted.uses} onChange={(uses) => want({ ...wanted, uses: uses ?? 1 })} style={{ width: 160 }} />
        </>
      )}
      <label htmlFor="until">{t("coupons.until")}</label>
      <Input id="until" type="date" style={{ width: 180 }} value={wanted.until} onChange={(event) => want({ ...wanted, until: event.target.value })} />
    </Flex>
  );
}

export function Making({ coupon, partner, close }: { coupon: Shapes["CouponView"]; partner: boolean; close: () => void }) {
  useLanguage();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [wanted, want] = useState<Wanted>({ batch: "", given: partner, make: 100, codes: "", uses: 1, until: "" });
  const [made, setMade] = useState<Made | null>(null);
  const [key, setKey] = useState(newKey);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const change = (next: Wanted) => {
    want(next);
    setKey(newKey()); // another list is another request
  };
  const number = split(wanted.codes).length;
  const isReady = BATCH.test(wanted.batch) && (!wanted.given || (number > 0 && number <= CODES_MAX));
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      const done = await send(coupon.coupon, partner, wanted, key);
      void queries.invalidateQueries({ queryKey: ["coupons"] });
      if (done.made !== null && !wanted.given) {
        setMade(done.made);
        return;
      }
      void message.open({ type: done.waits ? "info" : "success", content: done.waits ? t("programme.waits") : t("coupons.added", { count: done.added }) });
      close();
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  if (made !== null) return <Told made={made} close={close} />;
  return (
    <Modal
      open
      title={`${t(partner ? "coupons.bring" : "coupons.make")}: ${called(coupon.title, coupon.coupon)}`}
      okText={wanted.given ? t("coupons.add", { number: count(number) }) : t("coupons.make")}
      okButtonProps={{ disabled: !isReady }}
      confirmLoading={busy}
      onOk={() => void go()}
      onCancel={close}
    >
      {error !== null && <Failed error={error} again={go} busy={busy} />}
      <Fields partner={partner} wanted={wanted} want={change} />
    </Modal>
  );
}
