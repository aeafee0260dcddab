/** Bringing members from another system: choose files and how they are read; nothing is written before it was looked at. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Card, Flex, Form, Input, Select, Typography } from "antd";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, ask, Problem } from "../../client";
import { ago } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { Listing } from "../shell/rows";
import { Fault, needed } from "../shell/write";
import { Standing } from "../jobs/task";
import { pack } from "./pack";

const OWN = "";
const FILES_MAX_BYTES = 20_000_000;

export default function Imports() {
  useLanguage();
  const list = usePages(["tasks", "import"], async (cursor) => {
    const page = await ask(api.GET("/v1/tasks", { params: { query: { kind: "import", limit: 20, ...(cursor && { cursor }) } } }));
    return { rows: page.tasks, next: page.next };
  });
  return (
    <>
      <Head title={t("imports.title")} about={t("imports.about")} />
      <Card>
        <Begin />
      </Card>
      <Part title={t("imports.before")}>
        <Listing
          list={list}
          label={t("imports.before")}
          idOf={(row) => row.id}
          empty={t("imports.none")}
          columns={[
            { key: "title", title: t("imports.mapping"), show: (row) => <Link to={`/imports/${row.id}`}><bdi>{row.title || t("imports.one")}</bdi></Link> },
            { key: "state", title: t("imports.state"), show: (row) => <Standing task={row} /> },
            { key: "at", title: t("imports.at"), show: (row) => ago(row.asked_at) },
          ]}
        />
      </Part>
    </>
  );
}

function Begin() {
  const go = useNavigate();
  const [ready, setReady] = useState(OWN);
  const [text, setText] = useState("");
  const chooser = useRef<HTMLInputElement>(null);
  const [files, setFiles] = useState<readonly File[]>([]);
  const mappings = useQuery({ queryKey: ["imports", "mappings"], queryFn: () => ask(api.GET("/v1/imports/mappings")), staleTime: 600_000 });
  const look = useMutation({
    mutationFn: async () => {
      if (files.reduce((sum, each) => sum + each.size, 0) > FILES_MAX_BYTES) throw new Problem("import_too_large", 0, "");
      return ask(api.POST("/v1/imports", { body: { mapping: text, files: await Promise.all(files.map(pack)) } }));
    },
    onSuccess: (task) => void go(`/imports/${task.id}`),
  });
  const choose = (name: string) => {
    setReady(name);
    const found = mappings.data?.mappings.find((each) => each.name === name);
    if (found) setText(found.text);
  };
  return (
    <Form layout="vertical" requiredMark={false} onFinish={() => look.mutate()}>
      {look.error !== null && <Fault error={look.error} />}
      <Form.Item label={t("imports.ready")} htmlFor="imports-ready" extra={t("imports.ready.about")}>
        <Select id="imports-ready" value={ready} onChange={choose} options={[{ value: OWN, label: t("imports.own") }, ...(mappings.data?.mappings ?? []).map((each) => ({ value: each.name, label: each.name }))]} />
      </Form.Item>
      <Form.Item label={t("imports.mapping")} htmlFor="imports-mapping" extra={t("imports.mapping.about")} rules={[needed()]}>
        <Input.TextArea id="imports-mapping" className="code" autoSize={{ minRows: 5, maxRows: 18 }} value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} />
      </Form.Item>
      <Form.Item label={t("imports.files")} htmlFor="imports-files" extra={t("imports.files.about")}>
        <input ref={chooser} id="imports-files" className="unseen" tabIndex={-1} type="file" multiple accept=".csv,text/csv,.txt" onChange={(event) => setFiles([...(event.target.files ?? [])])} />
        <Button onClick={() => chooser.current?.click()}>{t("imports.choose")}</Button> <bdi>{files.map((each) => each.name).join(", ")}</bdi>
      </Form.Item>
      <Flex gap={12} align="center" wrap>
        <Button type="primary" htmlType="submit" loading={look.isPending} disabled={files.length === 0 || text.trim() === ""}>
          {t("imports.look")}
        </Button>
        <Typography.Text type="secondary">{t("imports.look.about")}</Typography.Text>
      </Flex>
    </Form>
  );
}
