/** Ending a list: none of its codes that were not used works any more. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Modal } from "antd";
import { useState } from "react";
import { api, ask } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Failed } from "../shell/asked";

export interface List {
  readonly coupon: string;
  readonly batch: string;
  readonly partner: boolean;
}

export function Ending({ list, close }: { list: List; close: () => void }) {
  useLanguage();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const end = async () => {
    setBusy(true);
    setError(null);
    try {
      const params = { path: { coupon: list.coupon, batch: list.batch } };
      const path = list.partner ? "/v1/coupons/{coupon}/partner-lists/{batch}/end" : "/v1/coupons/{coupon}/lists/{batch}/end";
      const { ended } = await ask(api.POST(path, { params }));
      void message.success(t("coupons.ended", { count: ended }));
      void queries.invalidateQueries({ queryKey: ["coupons"] });
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal open title={t("coupons.end.of", { batch: list.batch })} okText={t("coupons.end")} okButtonProps={{ danger: true }} confirmLoading={busy} onOk={() => void end()} onCancel={close}>
      {error !== null && <Failed error={error} />}
      {t("coupons.end.about")}
    </Modal>
  );
}
