/** Vouchers that customers show: scanned or typed, checked here even without a line, and used whole. */
import { useState, type SyntheticEvent } from "react";
import { t } from "../../kit/words";
import { useLevel } from "../till/line";
import { Block, Button, Failed } from "../till/parts";
import type { Voucher } from "../till/tokens";
import { judgeVoucher } from "../till/vouchers";
import type { Document } from "../till/till";
import { cash } from "./naming";
import { canScan, Scanner } from "./scanner";

interface Asked {
  readonly taken: readonly Voucher[];
  readonly change: (taken: readonly Voucher[]) => void;
  readonly store: string;
  readonly document: Document;
}

export function VoucherBlock({ taken, change, store, document }: Asked) {
  const level = useLevel();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const [scanning, setScanning] = useState(false);
  const look = async (shown: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const voucher = await judgeVoucher(shown.trim(), store, document.money, taken);
      change([...taken, voucher]);
      setToken("");
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void look(token);
  };
  // What could not be remembered here would be taken again.
  if (level === "D4") return null;
  return (
    <Block title={t("register.vouchers")}>
      <form className="inline" onSubmit={submit}>
        <label>
          {t("register.voucher")}
          <input value={token} onChange={(event) => setToken(event.target.value)} required maxLength={640} autoComplete="off" />
        </label>
        <Button type="submit" busy={busy}>
          {t("register.voucher.take")}
        </Button>
        {canScan() && (
          <Button onClick={() => setScanning(true)} disabled={busy}>
            {t("register.voucher.scan")}
          </Button>
        )}
      </form>
      {error !== undefined && <Failed error={error} />}
      {taken.length > 0 && (
        <ul className="rows">
          {taken.map((each, at) => (
            <li key={each.id} data-voucher={each.id}>
              <span>{t("register.voucher.worth", { money: cash(document, each.worth_minor) })}</span>
              <Button kind="small" aria-label={t("register.voucher.drop", { number: at + 1 })} onClick={() => change(taken.filter((other) => other.id !== each.id))}>
                ×
              </Button>
            </li>
          ))}
        </ul>
      )}
      {scanning && (
        <Scanner
          found={(code) => {
            setScanning(false);
            void look(code);
          }}
          onClose={() => setScanning(false)}
        />
      )}
    </Block>
  );
}
