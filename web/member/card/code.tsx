/** The code that the till scans, a new one every half minute. */
import { useMemo } from "react";
import { timeOfDay } from "../../kit/format";
import { t } from "../../kit/words";
import { Failed } from "../frame/parts";
import { useCodes } from "./codes";
import { drawQr } from "./qr";

export function MemberCode() {
  const { now, until, error } = useCodes();
  if (now === undefined) return error === undefined ? <p className="skeleton code" role="status" aria-label={t("member.loading")} /> : <Failed error={error} />;
  return (
    <div className="codebox">
      <QrCode text={now.code} name={t("member.code")} />
      <p className="soft">
        {t("member.code.next", { count: now.seconds })}
        {error !== undefined && until !== undefined && <> · {t("member.code.offline", { at: timeOfDay(until) })}</>}
      </p>
    </div>
  );
}

/** A QR code of a text of up to 192 bytes. */
export function QrCode({ text, name }: { text: string; name: string }) {
  const [path, side] = useMemo(() => {
    const rows = drawQr(text);
    return [rows.flatMap((line, row) => line.flatMap((dark, column) => (dark ? [`M${column} ${row}h1v1h-1z`] : []))).join(""), rows.length + 8] as const;
  }, [text]);
  return (
    <svg className="qr" viewBox={`-4 -4 ${side} ${side}`} role="img" aria-label={name} shapeRendering="crispEdges" data-code={text}>
      <rect x="-4" y="-4" width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
