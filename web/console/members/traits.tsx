/** What rules know of a member: what offers set, and what people or other systems tell, which can be changed here. */
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { documentOf, texts, within } from "../programme/document";
import { Part } from "../shell/head";
import { useNames, type Names } from "../shell/names";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, useWrite } from "../shell/write";

type Value = string | number | boolean;
type Sort = "text" | "number" | "flag";
const SEGMENT = "segment.";
const sortOf = (value: Value | null | undefined, name: string): Sort =>
  typeof value === "boolean" || name.startsWith(SEGMENT) ? "flag" : typeof value === "number" ? "number" : "text";

const nameOf = (trait: string) => (knows(`members.trait.${trait}`) ? t(`members.trait.${trait}`) : trait);

function sayValue(names: Names, trait: string, value: Value): string {
  if (typeof value === "boolean") return t(value ? "console.yes" : "console.no");
  if (typeof value === "number") return count(value);
  return trait === "tier" ? names.level(value) : value;
}

/** The traits that are told from outside: the programme's catalogue has them, and its segments. */
function useTellable(): readonly string[] {
  const { data } = useQuery({ queryKey: ["program"], queryFn: () => ask(api.GET("/v1/program")), staleTime: 300_000 });
  const catalog = within(documentOf(data?.document)["catalog"]);
  return [...texts(catalog["traits"]), ...texts(catalog["segments"]).map((each) => SEGMENT + each)];
}

export function Traits({ member }: { member: Shapes["MemberView"] }) {
  const names = useNames();
  const tellable = useTellable();
  const may = [useMay("points:traits"), member.state === "active" || member.state === "frozen"].every(Boolean) && tellable.length > 0;
  const [changing, setChanging] = useState<string | null>(null);
  const rows = Object.entries(member.traits).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  return (
    <Part title={t("members.traits")} extra={may && <Button onClick={() => setChanging("")}>{t("members.trait.tell")}</Button>}>
      <Rows
        rows={rows}
        label={t("members.traits")}
        idOf={(row) => row.name}
        empty={t("members.traits.none")}
        columns={[
          { key: "name", title: t("members.trait"), show: (row) => <bdi>{nameOf(row.name)}</bdi> },
          { key: "value", title: t("members.trait.value"), show: (row) => <bdi>{sayValue(names, row.name, row.value)}</bdi> },
          {
            key: "change",
            title: "",
            show: (row) =>
              may &&
              tellable.includes(row.name) && (
                <Button size="small" aria-label={t("members.trait.change.of", { trait: nameOf(row.name) })} onClick={() => setChanging(row.name)}>
                  {t("members.trait.change")}
                </Button>
              ),
          },
        ]}
      />
      {changing !== null && <Tell member={member} trait={changing} tellable={tellable} close={() => setChanging(null)} />}
    </Part>
  );
}

interface Told {
  readonly trait: string;
  readonly sort: Sort | "forget";
  readonly text?: string;
  readonly number?: number;
  readonly flag?: boolean;
}

const valueOf = ({ sort, text, number, flag }: Told): Value | null => (sort === "forget" ? null : sort === "number" ? (number ?? 0) : sort === "flag" ? (flag ?? false) : (text ?? "").trim());

function Tell({ member, trait, tellable, close }: { member: Shapes["MemberView"]; trait: string; tellable: readonly string[]; close: () => void }) {
  const [named] = useState(() => ({ key: newKey(), occurred_at: ledgerNow().toISOString() }));
  const now = member.traits[trait];
  const write = useWrite(
    (told: Told) =>
      ask(
        api.PUT("/v1/members/{member}/traits", {
          params: { path: { member: member.id }, header: { "Idempotency-Key": named.key } },
          body: { source: "console", occurred_at: named.occurred_at, traits: { [told.trait]: valueOf(told) } },
        }),
      ),
    { touches: [["member", member.id], ["members"]], said: t("members.trait.told"), done: close },
  );
  const before = { trait: trait === "" ? undefined : trait, sort: sortOf(now, trait), text: typeof now === "string" ? now : undefined, number: typeof now === "number" ? now : undefined, flag: now !== false };
  return (
    <Dialog<Told> open title={t("members.trait.tell")} about={t("members.trait.about")} close={close} write={write} go={t("members.save")} initialValues={before}>
      <Form.Item name="trait" label={t("members.trait")} rules={[chosen()]}>
        <Select showSearch disabled={trait !== ""} options={tellable.map((each) => ({ value: each, label: nameOf(each) }))} />
      </Form.Item>
      <Form.Item name="sort" label={t("members.trait.sort")}>
        <Select
          options={[
            { value: "text", label: t("members.trait.text") },
            { value: "number", label: t("members.trait.number") },
            { value: "flag", label: t("members.trait.flag") },
            ...(trait === "" ? [] : [{ value: "forget", label: t("members.trait.forget") }]),
          ]}
        />
      </Form.Item>
      <ValueField />
    </Dialog>
  );
}

/** Where the value goes, by its sort. */
function ValueField() {
  const sort = Form.useWatch<Sort | "forget" | undefined>("sort");
  if (sort === "forget" || sort === undefined) return null;
  if (sort === "number")
    return (
      <Form.Item name="number" label={t("members.trait.value")} rules={[chosen()]}>
        <InputNumber precision={0} style={{ width: "100%" }} />
      </Form.Item>
    );
  if (sort === "flag")
    return (
      <Form.Item name="flag" label={t("members.trait.value")} rules={[chosen()]}>
        <Select options={[true, false].map((value) => ({ value, label: t(value ? "console.yes" : "console.no") }))} />
      </Form.Item>
    );
  return (
    <Form.Item name="text" label={t("members.trait.value")} extra={t("members.trait.text.about")} rules={[chosen()]}>
      <Input maxLength={200} dir="auto" />
    </Form.Item>
  );
}
