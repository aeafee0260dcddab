/** On whom a version is tried: stores, a share of the members, members with a trait. All that is said must hold. */
import { useQuery } from "@tanstack/react-query";
import { Flex, InputNumber, Select, Typography } from "antd";
import { api, ask, type Shapes } from "../../client";
import { t } from "../../kit/words";
import { Failed } from "../shell/asked";
import { useLive } from "./asking";
import { called, texts, within } from "./document";

type Field = Shapes["FieldTold"];
type Scalar = string | number | boolean;

export interface Whom {
  readonly stores: readonly string[];
  readonly percent: number | null;
  readonly trait: string | null;
  readonly values: readonly Scalar[];
}

export const ANYBODY: Whom = { stores: [], percent: null, trait: null, values: [] };
const TRAIT = "member.";
/** Told of every member, and no trait. */
const OTHERS: ReadonlySet<string> = new Set(["member.known_days", "member.birthday_month", "member.birthday_day"]);
const YES = "true";

/** Whether it is said on whom: nobody is meant by nothing, and a trait alone says nothing. */
export const isSaid = (whom: Whom): boolean => (whom.stores.length > 0 || whom.percent !== null || whom.trait !== null) && (whom.trait === null || whom.values.length > 0);

/** What was typed, as the trait has it: a whole number, or true or false, where it looks like it and may be. */
function read(text: string, field: Field | undefined): Scalar {
  if (field?.sort === "text") return text;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return text === YES || text === "false" ? text === YES : text;
}

export function pilotOn(whom: Whom): Required<Shapes["Pilot"]> {
  const permille = whom.percent === null ? null : Math.round(whom.percent * 10);
  return { stores: [...whom.stores], permille, salt: "", trait: whom.trait, values: whom.trait === null ? [] : [...whom.values] };
}

/** Which values a trait may have: those that the programme sets, or yes and no; else they are typed. */
function offeredOf(field: Field | undefined): readonly { value: string; label: string }[] {
  if (field?.sort === "truth") return [YES, "false"].map((value) => ({ value, label: t(value === YES ? "console.yes" : "console.no") }));
  return (field?.values ?? []).map((value) => ({ value, label: called(field?.value_names?.[value], value) }));
}

function OnTrait({ whom, tell }: { whom: Whom; tell: (next: Whom) => void }) {
  const query = useQuery({ queryKey: ["condition-fields"], queryFn: () => ask(api.GET("/v1/conditions/fields")), staleTime: 60_000 });
  const fields = (query.data?.fields ?? []).filter((each) => each.field.startsWith(TRAIT) && !OTHERS.has(each.field) && each.is_open !== true);
  const nameOf = (field: Field) => field.field.slice(TRAIT.length);
  const field = fields.find((each) => nameOf(each) === whom.trait);
  const offered = offeredOf(field);
  return (
    <>
      {query.error !== null && <Failed error={query.error} again={query.refetch} busy={query.isFetching} />}
      <label htmlFor="pilot-trait">{t("programme.pilot.trait")}</label>
      <Select
        id="pilot-trait"
        allowClear
        loading={query.isPending}
        value={whom.trait}
        placeholder={t("programme.pilot.trait.any")}
        options={fields.map((each) => ({ value: nameOf(each), label: called(each.name, nameOf(each)) }))}
        onChange={(trait: string | null | undefined) => tell({ ...whom, trait: trait ?? null, values: [] })}
      />
      {whom.trait !== null && (
        <>
          <label htmlFor="pilot-values">{t("programme.pilot.values")}</label>
          <Select
            id="pilot-values"
            mode={offered.length > 0 ? "multiple" : "tags"}
            value={whom.values.map(String)}
            options={[...offered]}
            onChange={(values: string[]) => tell({ ...whom, values: values.map((each) => read(each, field)) })}
            tokenSeparators={offered.length > 0 ? [] : [",", "，"]}
          />
          {whom.values.length === 0 && <Typography.Text type="secondary">{t("programme.pilot.values.none")}</Typography.Text>}
        </>
      )}
    </>
  );
}

export function OnWhom({ whom, tell }: { whom: Whom; tell: (next: Whom) => void }) {
  const live = useLive();
  const stores = texts(within(within(live.data?.document)["catalog"])["stores"]);
  return (
    <Flex vertical gap={4} style={{ marginBottom: 12 }}>
      <label htmlFor="pilot-stores">{t("programme.pilot.in")}</label>
      <Select
        id="pilot-stores"
        mode="tags"
        value={[...whom.stores]}
        onChange={(next: string[]) => tell({ ...whom, stores: next })}
        options={stores.map((value) => ({ value, label: value }))}
        placeholder={t("programme.pilot.anywhere")}
      />
      <label htmlFor="pilot-share">{t("programme.pilot.percent")}</label>
      <InputNumber id="pilot-share" min={0.1} max={100} step={1} precision={1} value={whom.percent} onChange={(percent) => tell({ ...whom, percent })} suffix="%" style={{ width: 160 }} />
      <OnTrait whom={whom} tell={tell} />
    </Flex>
  );
}
