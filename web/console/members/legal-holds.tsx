/** Matters for which a member must not be forgotten: placed, and lifted when they are over. */
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { Mark } from "../shell/mark";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, needed, useWrite } from "../shell/write";

type Hold = Shapes["LegalHold"];
/** As the server takes it: a number, and no story. */
const MATTER = /^[A-Za-z0-9][A-Za-z0-9 ._/-]*$/;

export function LegalHolds({ member }: { member: Shapes["MemberView"] }) {
  const may = useMay("privacy:write");
  const mayPlace = may && member.state !== "erased" && member.state !== "merged";
  const [placing, setPlacing] = useState(false);
  const [lifting, setLifting] = useState<Hold | null>(null);
  const query = useQuery({
    queryKey: ["privacy", "holds", member.id],
    queryFn: () => ask(api.GET("/v1/privacy/legal-holds", { params: { query: { member: member.id, ended: true } } })),
  });
  const touches = [["privacy", "holds"], ["member", member.id, "erasure"]];
  const place = useWrite((body: { matter: string }) => ask(api.POST("/v1/members/{member}/legal-holds", { params: { path: { member: member.id } }, body })), {
    touches,
    said: t("members.legal.placed"),
    done: () => setPlacing(false),
  });
  const lift = useWrite(() => ask(api.POST("/v1/privacy/legal-holds/{hold}/lift", { params: { path: { hold: lifting?.id ?? "" } } })), {
    touches,
    said: t("members.legal.lifted"),
    done: () => setLifting(null),
  });
  return (
    <Part title={t("members.legal")} extra={mayPlace && <Button onClick={() => setPlacing(true)}>{t("members.legal.place")}</Button>}>
      <p>{t("members.legal.about")}</p>
      <Asked query={query}>
        {({ holds }) => (
          <Rows
            rows={holds}
            label={t("members.legal")}
            idOf={(row) => row.id}
            empty={t("members.legal.none")}
            columns={[
              { key: "matter", title: t("members.legal.matter"), show: (row) => <bdi>{row.matter}</bdi> },
              { key: "at", title: t("members.legal.since"), show: (row) => dateTime(row.placed_at) },
              {
                key: "state",
                title: t("members.state"),
                show: (row) =>
                  row.ended_at === null ? <Mark tone="warn">{t("members.legal.held")}</Mark> : <Mark>{t("members.legal.ended", { at: dateTime(row.ended_at) })}</Mark>,
              },
              {
                key: "lift",
                title: "",
                show: (row) =>
                  may &&
                  row.ended_at === null && (
                    <Button size="small" onClick={() => setLifting(row)}>
                      {t("members.legal.lift")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Asked>
      <Dialog<{ matter: string }> open={placing} title={t("members.legal.place")} about={t("members.legal.place.about")} close={() => setPlacing(false)} write={place} go={t("members.legal.place")}>
        <Form.Item name="matter" label={t("members.legal.matter")} extra={t("members.legal.matter.about")} rules={[needed(), { pattern: MATTER, message: t("members.legal.matter.wrong") }]}>
          <Input maxLength={64} />
        </Form.Item>
      </Dialog>
      <Dialog<object>
        open={lifting !== null}
        title={t("members.legal.lift.title", { matter: lifting?.matter ?? "" })}
        about={t("members.legal.lift.about")}
        close={() => setLifting(null)}
        write={lift}
        go={t("members.legal.lift")}
        danger
      />
    </Part>
  );
}
