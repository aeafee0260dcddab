/** The words of each kind of message in each language, and how they come out. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Card, Flex, Form, Input, Select, Typography } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useMay } from "../shell/session";
import { Fault, needed, useWrite } from "../shell/write";

type Template = Shapes["Template"];
type Words = Shapes["WordsIn"];
const nameOf = (template: Template) => `${template.kind} ${template.language}`;

export function Templates() {
  const [chosen, setChosen] = useState("");
  const query = useQuery({ queryKey: ["messages", "templates"], queryFn: () => ask(api.GET("/v1/messages/templates")) });
  return (
    <Asked query={query}>
      {({ templates, variables }) => {
        const template = templates.find((each) => nameOf(each) === chosen) ?? templates[0];
        return (
          <>
            <Select
              aria-label={t("messages.template")}
              value={template === undefined ? "" : nameOf(template)}
              onChange={setChosen}
              style={{ minWidth: 240, marginBottom: 16 }}
              options={templates.map((each) => ({ value: nameOf(each), label: `${t(`messages.kind.${each.kind}`)} · ${t(`messages.language.${each.language}`)}` }))}
            />
            {template !== undefined && <Edit key={`${nameOf(template)} ${template.version}`} template={template} variables={Object.keys(variables[template.kind] ?? {})} />}
          </>
        );
      }}
    </Asked>
  );
}

function Edit({ template, variables }: { template: Template; variables: readonly string[] }) {
  const mayWrite = useMay("messages:write");
  const [form] = Form.useForm<Words>();
  const { kind, language } = template;
  const save = useWrite((body: Words) => ask(api.PUT("/v1/messages/templates/{kind}/{language}", { params: { path: { kind, language } }, body })), {
    touches: [["messages", "templates"]],
    said: t("messages.saved"),
  });
  const look = useMutation({ mutationFn: (words: Words) => ask(api.POST("/v1/messages/preview", { body: { kind, language, ...words } })) });
  const error = save.error ?? look.error;
  return (
    <div className="pair">
      <Form<Words> form={form} layout="vertical" requiredMark={false} initialValues={template} disabled={!mayWrite} onFinish={(told) => save.run(told)}>
        {error !== null && <Fault error={error} />}
        <Form.Item name="subject" label={t("messages.subject")} rules={[needed()]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="text" label={t("messages.text")} rules={[needed()]}>
          <Input.TextArea autoSize={{ minRows: 6, maxRows: 16 }} />
        </Form.Item>
        <Form.Item name="short" label={t("messages.short")} extra={t("messages.short.about")} rules={[needed()]}>
          <Input.TextArea autoSize={{ minRows: 2, maxRows: 4 }} />
        </Form.Item>
        <Typography.Paragraph type="secondary">
          {t("messages.variables")} <span className="code">{variables.join(", ")}</span>
        </Typography.Paragraph>
        <Flex gap={8} wrap>
          {mayWrite && (
            <Button type="primary" htmlType="submit" loading={save.isBusy}>
              {t("messages.save")}
            </Button>
          )}
          <Button loading={look.isPending} disabled={false} onClick={() => look.mutate(form.getFieldsValue())}>
            {t("messages.preview")}
          </Button>
        </Flex>
      </Form>
      {look.data !== undefined && (
        <Card size="small" title={<bdi dir="auto">{look.data.subject}</bdi>}>
          <div dir="auto" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {look.data.text}
          </div>
          <Typography.Paragraph type="secondary" style={{ marginTop: 16 }}>
            {t("messages.short")}: <bdi>{look.data.short}</bdi>
          </Typography.Paragraph>
        </Card>
      )}
    </div>
  );
}
