/** What is looked for: each rule is switched, changed or taken away by itself, on the rules as they were read last. */
import { useQuery } from "@tanstack/react-query";
import { Button, Flex, Form, InputNumber, Switch, Typography } from "antd";
import { useState } from "react";
import { api, ask, Problem } from "../../client";
import { count, share } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { Facts, Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, Fault, useWrite, type Write } from "../shell/write";
import { FarmForm } from "./farm-form";
import { putRule, ruleName, sayRule, type Rule, type Rules as All } from "./naming";
import { RuleForm } from "./rule-form";

type Change = (now: All) => All;
const PERCENT = 100;

/** The rules, and a way to change them: what somebody else changed meanwhile is read first, and nothing of theirs is lost. */
function useRules() {
  const query = useQuery({ queryKey: ["fraud", "rules"], queryFn: () => ask(api.GET("/v1/fraud/rules")) });
  const send = async (change: Change) => {
    const { data } = query;
    if (data === undefined) throw new Problem("fraud_rules_changed", 409, "");
    try {
      return await ask(api.PUT("/v1/fraud/rules", { params: { header: { "If-Match": `"${data.version}"` } }, body: change(data.rules) }));
    } catch (error) {
      if (error instanceof Problem && error.code === "fraud_rules_changed") await query.refetch();
      throw error;
    }
  };
  return { query, send };
}

type Open = { readonly what: "rule"; readonly rule: Rule | null } | { readonly what: "farm" | "all" } | { readonly what: "remove"; readonly rule: Rule };

export function Rules() {
  const may = useMay("fraud:rules");
  const { query, send } = useRules();
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const touches = [["fraud", "rules"]];
  const write = useWrite(send, { touches, said: t("fraud.rules.saved"), done: close });
  const flip = useWrite(send, { touches, said: t("fraud.rules.saved") });
  return (
    <Asked query={query}>
      {({ rules }) => (
        <>
          {flip.error !== null && <Fault error={flip.error} />}
          <Part title={t("fraud.rules")} extra={may && <Button onClick={() => setOpen({ what: "rule", rule: null })}>{t("fraud.rules.new")}</Button>}>
            <Velocity rules={rules.velocity} may={may} flip={flip} open={setOpen} />
          </Part>
          <Farm rules={rules} may={may} flip={flip} open={setOpen} />
          <Deciding rules={rules} may={may} flip={flip} open={setOpen} />
          {open?.what === "rule" && <RuleForm rule={open.rule} taken={rules.velocity.map((each) => each.id)} close={close} write={write} />}
          {open?.what === "farm" && <FarmForm farm={rules.farm} close={close} write={write} />}
          {open?.what === "all" && <Quiet days={rules.quiet_days ?? 0} close={close} write={write} />}
          {open?.what === "remove" && (
            <Dialog<object>
              open
              title={t("fraud.rules.remove.title", { rule: ruleName(open.rule.id) })}
              about={t("fraud.rules.remove.about")}
              close={close}
              write={{ ...write, run: () => write.run((now) => ({ ...now, velocity: now.velocity.filter((each) => each.id !== open.rule.id) })) }}
              go={t("fraud.rules.remove")}
              danger
            />
          )}
        </>
      )}
    </Asked>
  );
}

interface Shown {
  readonly may: boolean;
  readonly flip: Write<Change>;
  readonly open: (open: Open) => void;
}

/** A switch that says what it is of, and does nothing where one may not. */
function OnOff({ of, on, may, flip, change }: { of: string; on: boolean; may: boolean; flip: Write<Change>; change: (on: boolean) => Change }) {
  return <Switch aria-label={t("fraud.rules.on.of", { rule: of })} checked={on} disabled={!may} loading={flip.isBusy} onChange={(next) => flip.run(change(next))} />;
}

function Velocity({ rules, may, flip, open }: Shown & { rules: readonly Rule[] }) {
  return (
    <Rows
      rows={rules}
      label={t("fraud.rules")}
      idOf={(row) => row.id}
      empty={t("fraud.rules.none")}
      columns={[
        {
          key: "name",
          title: t("fraud.rule"),
          show: (row) => (
            <>
              <bdi>{ruleName(row.id)}</bdi>
              <div className="quiet">{sayRule(row)}</div>
            </>
          ),
        },
        { key: "score", title: t("fraud.score"), end: true, show: (row) => count(row.score) },
        { key: "on", title: t("fraud.rules.on"), show: (row) => <OnOff of={ruleName(row.id)} on={row.is_on !== false} may={may} flip={flip} change={(is_on) => putRule({ ...row, is_on })} /> },
        {
          key: "do",
          title: "",
          show: (row) =>
            may && (
              <Flex gap={8} wrap>
                <Button size="small" onClick={() => open({ what: "rule", rule: row })}>
                  {t("fraud.rules.change")}
                </Button>
                <Button size="small" danger onClick={() => open({ what: "remove", rule: row })}>
                  {t("fraud.rules.remove")}
                </Button>
              </Flex>
            ),
        },
      ]}
    />
  );
}

function Farm({ rules, may, flip, open }: Shown & { rules: All }) {
  const farm = rules.farm ?? {};
  return (
    <Part title={t("fraud.rule.referral_farm")} extra={may && <Button onClick={() => open({ what: "farm" })}>{t("fraud.rules.change")}</Button>}>
      <Typography.Paragraph>
        {t("fraud.farm.says", { newcomers: count(farm.newcomers_min ?? 0), days: count(farm.days ?? 0), alike: share((farm.alike_percent ?? 0) / PERCENT) })}
      </Typography.Paragraph>
      <Facts
        facts={[
          [t("fraud.score"), count(farm.score ?? 0)],
          [
            t("fraud.rules.on"),
            <OnOff
              key="on"
              of={t("fraud.rule.referral_farm")}
              on={farm.is_on !== false}
              may={may}
              flip={flip}
              change={(is_on) => (now) => ({ ...now, farm: { ...now.farm, is_on } })}
            />,
          ],
        ]}
      />
    </Part>
  );
}

function Deciding({ rules, may, flip, open }: Shown & { rules: All }) {
  return (
    <Part title={t("fraud.deciding")} extra={may && <Button onClick={() => open({ what: "all" })}>{t("fraud.rules.change")}</Button>}>
      <Facts
        facts={[
          [
            t("fraud.two"),
            <Flex key="two" gap={8} align="center" wrap>
              <Switch aria-label={t("fraud.two")} checked={rules.two_people === true} disabled={!may} loading={flip.isBusy} onChange={(two_people) => flip.run((now) => ({ ...now, two_people }))} />
              <span className="quiet">{t("fraud.two.about")}</span>
            </Flex>,
          ],
          [t("fraud.quiet"), t("fraud.span.days", { count: rules.quiet_days ?? 0 })],
        ]}
      />
    </Part>
  );
}

function Quiet({ days, close, write }: { days: number; close: () => void; write: Write<Change> }) {
  return (
    <Dialog<{ days: number }>
      open
      title={t("fraud.quiet")}
      about={t("fraud.quiet.about")}
      close={close}
      write={{ ...write, run: ({ days: quiet_days }) => write.run((now) => ({ ...now, quiet_days })) }}
      go={t("fraud.rules.save")}
      initialValues={{ days }}
    >
      <Form.Item name="days" label={t("fraud.quiet.days")} rules={[chosen()]}>
        <InputNumber min={0} max={365} precision={0} style={{ width: "100%" }} />
      </Form.Item>
    </Dialog>
  );
}
