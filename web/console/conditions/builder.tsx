/** A condition as rows that people fill in; written by hand where rows cannot say it. */
import { useQuery } from "@tanstack/react-query";
import { Flex, Input, Segmented, Skeleton, Typography } from "antd";
import { useLayoutEffect, useRef, useState } from "react";
import { api, ask } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Failed } from "../shell/asked";
import { GroupRows, Scale, type Rows } from "./rows";

interface BuilderGiven {
  readonly text: string;
  /** Minor units of money in a major one. */
  readonly scale: number;
  readonly isClosed: boolean;
  readonly change: (text: string) => void;
}

type Mode = "rows" | "text";
const EMPTY: Rows = { type: "all", rows: [] };
const EXAMPLE = 'basket.total >= 5000 && member.tier == "gold"';

/** The rows of a text: what was filled in here last, or what the server reads in it. Null: rows cannot say it. */
function useRows(text: string, change: (text: string) => void) {
  const [mine, setMine] = useState<{ readonly text: string; readonly rows: Rows } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(0);
  // The answer comes when more may have been typed elsewhere in the offer: it goes into what is there by then.
  const tell = useRef(change);
  useLayoutEffect(() => {
    tell.current = change;
  }, [change]);
  const isMine = mine?.text === text;
  const read = useQuery({
    queryKey: ["condition", text],
    queryFn: () => ask(api.POST("/v1/conditions/read", { body: { text } })),
    enabled: text !== "" && !isMine,
    staleTime: Infinity,
    retry: false,
  });
  async function put(rows: Rows) {
    setMine({ text, rows });
    const turn = ++latest.current;
    try {
      const made = await ask(api.POST("/v1/conditions/write", { body: { rows } }));
      if (turn !== latest.current) return;
      setError(null);
      setMine({ text: made.text, rows });
      tell.current(made.text);
    } catch (failed) {
      if (turn === latest.current) setError(failed);
    }
  }
  const rows = isMine ? mine.rows : text === "" ? EMPTY : (read.data?.rows ?? null);
  return { rows, put, error, isReading: rows === null && read.isFetching };
}

export function Builder({ text, scale, isClosed, change }: BuilderGiven) {
  useLanguage();
  const [mode, setMode] = useState<Mode | null>(null);
  const { rows, put, error, isReading } = useRows(text, change);
  const fields = useQuery({ queryKey: ["condition-fields"], queryFn: () => ask(api.GET("/v1/conditions/fields")), staleTime: 60_000 });
  const chosen = mode ?? (rows === null && !isReading ? "text" : "rows");
  return (
    <Flex vertical gap={8}>
      <Segmented<Mode>
        style={{ alignSelf: "start" }}
        value={chosen}
        aria-label={t("conditions.as")}
        options={[
          { value: "rows", label: t("conditions.rows") },
          { value: "text", label: t("conditions.text") },
        ]}
        onChange={setMode}
      />
      {error !== null && <Failed error={error} />}
      {fields.error !== null && <Failed error={fields.error} again={fields.refetch} />}
      {chosen === "text" && (
        <Input.TextArea
          aria-label={t("conditions.text")}
          className="code"
          rows={3}
          maxLength={2000}
          disabled={isClosed}
          value={text}
          placeholder={EXAMPLE}
          onChange={(event) => change(event.target.value)}
        />
      )}
      {chosen === "rows" && rows === null && !isReading && <Typography.Text type="secondary">{t("conditions.by.hand")}</Typography.Text>}
      {chosen === "rows" && (isReading || (rows !== null && fields.data === undefined)) && <Skeleton active paragraph={{ rows: 1 }} />}
      {chosen === "rows" && rows !== null && fields.data !== undefined && (
        <Scale value={scale}>
          <GroupRows rows={rows} fields={fields.data.fields} isClosed={isClosed} change={(next) => void put(next)} />
        </Scale>
      )}
    </Flex>
  );
}
