/** How often a member is written, on which ways, and at which hours not. */
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { clockOf, RuleForm } from "./rule-form";

type Rule = Shapes["RuleOfKind"];

export function Rules() {
  const mayWrite = useMay("messages:write");
  const [changing, setChanging] = useState<Rule | null>(null);
  const query = useQuery({ queryKey: ["messages", "rules"], queryFn: () => ask(api.GET("/v1/messages/rules")) });
  return (
    <Asked query={query}>
      {({ rules }) => (
        <>
          <Rows
            rows={rules}
            label={t("messages.rules")}
            idOf={(row) => row.kind}
            empty={t("messages.rules.none")}
            columns={[
              { key: "kind", title: t("messages.kind"), show: (row) => t(`messages.kind.${row.kind}`) },
              { key: "channels", title: t("messages.channels"), show: (row) => (row.channels.length === 0 ? t("messages.channels.none") : row.channels.map((each) => t(`messages.channel.${each}`)).join(" → ")) },
              { key: "cap", title: t("messages.cap"), show: (row) => (row.cap_most && row.cap_days ? t("messages.cap.of", { most: count(row.cap_most), days: count(row.cap_days) }) : t("messages.cap.none")) },
              { key: "quiet", title: t("messages.quiet"), show: (row) => (row.quiet_from === row.quiet_until ? t("messages.quiet.none") : `${clockOf(row.quiet_from ?? 0)} – ${clockOf(row.quiet_until ?? 0)}`) },
              {
                key: "change",
                title: "",
                show: (row) =>
                  mayWrite && (
                    <Button size="small" onClick={() => setChanging(row)}>
                      {t("messages.change")}
                    </Button>
                  ),
              },
            ]}
          />
          {changing !== null && <RuleForm rule={changing} close={() => setChanging(null)} />}
        </>
      )}
    </Asked>
  );
}
