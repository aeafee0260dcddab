/** Members in a list: whoever somebody types, or all of them, the newest first. */
import { Button, Flex, Form, Input, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { DownloadOutlined } from "@ant-design/icons";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { ago, count, date } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { useNames, type Names } from "../shell/names";
import { Listing, type Column } from "../shell/rows";
import { useMay } from "../shell/session";
import { Enrolling } from "./enrolling";
import { Badge, STATES, type State } from "./state";

type Row = Shapes["MemberRow"];

function columns(names: Names): Column<Row>[] {
  return [
    {
      key: "id",
      title: t("members.member"),
      show: (row) => (
        <Link to={`/members/${row.id}`} className="code">
          {row.id.slice(-12)}
        </Link>
      ),
    },
    { key: "state", title: t("members.state"), show: (row) => <Badge state={row.state} /> },
    { key: "tier", title: t("members.level"), show: (row) => (typeof row.traits["tier"] === "string" ? names.level(row.traits["tier"]) : "") },
    ...names.currencies.map((each) => ({
      key: each.id,
      title: each.name,
      end: true,
      show: (row: Row) => count(row.balances[each.id] ?? 0),
    })),
    { key: "last", title: t("members.last"), show: (row) => (row.last_purchase_at === null ? t("members.never") : ago(row.last_purchase_at)) },
    { key: "since", title: t("members.since"), show: (row) => date(row.joined_at) },
  ];
}

export default function Members() {
  useLanguage();
  const names = useNames();
  const [asked, setAsked] = useSearchParams();
  const mayEnrol = useMay("members:write");
  const [enrolling, setEnrolling] = useState(false);
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  const state = STATES.find((each) => each === asked.get("state")) ?? null;
  const trait = asked.get("trait");
  const list = usePages(["members", state, trait], async (cursor) => {
    const query = { limit: 50, ...(state && { state }), ...(trait && { trait }), ...(cursor && { cursor }) };
    const page = await ask(api.GET("/v1/members", { params: { query } }));
    return { rows: page.members, next: page.next };
  });
  const found = useQuery({
    queryKey: ["members", "search", text],
    queryFn: () => ask(api.POST("/v1/members/search", { body: { text } })),
    enabled: text !== "",
  });
  const sought = { rows: found.data?.members, error: found.error, isMore: false, isBusy: found.isFetching, more: () => undefined, again: () => void found.refetch(), read: async () => (await found.refetch()).isSuccess };
  const choose = (name: string, value: string | undefined) =>
    setAsked((now) => {
      const next = new URLSearchParams(now);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const csv = `/v1/members.csv?${new URLSearchParams({ ...(state && { state }), ...(trait && { trait }) }).toString()}`;
  return (
    <>
      <Head title={t("members.title")} about={t("members.about")}>
        {mayEnrol && (
          <Button type="primary" onClick={() => setEnrolling(true)}>
            {t("members.enrol")}
          </Button>
        )}
        <Button href={csv} download="members.csv" icon={<DownloadOutlined aria-hidden />}>
          {t("console.csv")}
        </Button>
      </Head>
      <Form layout="vertical" onFinish={() => setText(typed.trim())}>
        <Flex gap={12} wrap align="end" style={{ marginBottom: 16 }}>
          <Form.Item label={t("members.search")} htmlFor="members-search" style={{ flex: "2 1 260px", margin: 0 }}>
            <Input.Search
              id="members-search"
              value={typed}
              allowClear
              enterButton={t("members.find")}
              maxLength={200}
              loading={found.isFetching}
              onChange={(event) => {
                setTyped(event.target.value);
                if (event.target.value === "") setText("");
              }}
              onSearch={(value) => setText(value.trim())}
            />
          </Form.Item>
          <Form.Item label={t("members.state")} htmlFor="members-state" style={{ flex: "1 1 140px", margin: 0 }}>
            <Select<State | "">
              id="members-state"
              value={state ?? ""}
              onChange={(value) => choose("state", value)}
              options={[{ value: "", label: t("console.all") }, ...STATES.map((each) => ({ value: each, label: t(`members.state.${each}`) }))]}
            />
          </Form.Item>
        </Flex>
      </Form>
      <Listing
        list={text === "" ? list : sought}
        label={t("members.title")}
        columns={columns(names)}
        idOf={(row) => row.id}
        empty={text === "" ? t("members.none") : t("members.none.found")}
      />
      {enrolling && <Enrolling close={() => setEnrolling(false)} />}
    </>
  );
}
