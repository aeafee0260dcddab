/** How the programme goes: what changed, the figures beside those before, and what waits for whoever looks. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Flex, Segmented, Select, Typography } from "antd";
import { useSearchParams } from "react-router";
import dayjs from "dayjs";
import { api, ask } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { day } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { inLanguage, useNames } from "../shell/names";
import { useMay, useMe } from "../shell/session";
import { Course, Figures } from "./figures";
import { Parts } from "./parts";
import { Waiting } from "./waiting";

export const SPANS = [7, 30, 90, 365] as const;
export type Span = (typeof SPANS)[number];
const COMPARED = ["previous", "year"] as const;

export default function Home() {
  useLanguage();
  const { account } = useMe();
  const mayFigures = useMay("figures:read");
  return (
    <>
      <Head title={t("home.hello", { name: account.name })} />
      <Waiting />
      {mayFigures && <Goes />}
    </>
  );
}

function Goes() {
  const names = useNames();
  const [asked, setAsked] = useSearchParams();
  const span = SPANS.find((each) => String(each) === asked.get("days")) ?? 30;
  const compare = COMPARED.find((each) => each === asked.get("compare")) ?? "previous";
  const currency = asked.get("currency") ?? "";
  const choose = (name: string, value: string) =>
    setAsked((now) => {
      const next = new URLSearchParams(now);
      next.set(name, value);
      return next;
    });
  const until = dayjs(ledgerNow()).add(1, "day").format("YYYY-MM-DD");
  const from = dayjs(ledgerNow()).add(1, "day").subtract(span, "day").format("YYYY-MM-DD");
  const query = { from, to: until, compare, ...(currency && { currency }) };
  const figures = useQuery({ queryKey: ["figures", query], queryFn: () => ask(api.GET("/v1/figures", { params: { query } })) });
  const spendable = names.currencies.filter((each) => each.spendable);
  return (
    <Part
      title={t("home.figures")}
      extra={
        <Flex gap={8} wrap>
          <Segmented<Span> aria-label={t("home.span")} value={span} onChange={(value) => choose("days", String(value))} options={SPANS.map((each) => ({ value: each, label: t(`home.span.${each}`) }))} />
          <Select<(typeof COMPARED)[number]> aria-label={t("home.compare")} value={compare} onChange={(value) => choose("compare", value)} options={COMPARED.map((each) => ({ value: each, label: t(`home.compare.${each}`) }))} />
          {spendable.length > 1 && (
            <Select aria-label={t("home.currency")} value={currency || (spendable[0]?.id ?? "")} onChange={(value) => choose("currency", value)} options={spendable.map((each) => ({ value: each.id, label: each.name }))} />
          )}
        </Flex>
      }
    >
      <Asked query={figures}>
        {(told) => (
          <>
            {inLanguage(told.told, "") !== "" && (
              <Typography.Paragraph style={{ fontSize: 17 }}>
                <strong>{inLanguage(told.told, "")}</strong>
              </Typography.Paragraph>
            )}
            {told.is_behind && <Alert type="info" showIcon style={{ marginBottom: 12 }} title={t("home.behind")} />}
            <Figures told={told} />
            <Course told={told} />
            {told.before_first !== null && told.before_until !== null && (
              <Typography.Paragraph type="secondary">
                {t("home.beside", { first: day(told.before_first), last: day(dayjs(told.before_until).subtract(1, "day").format("YYYY-MM-DD")) })}
              </Typography.Paragraph>
            )}
          </>
        )}
      </Asked>
      <Parts query={query} />
    </Part>
  );
}
