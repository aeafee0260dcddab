/** Points that are set aside for purchases that are not settled, and given back where nothing will come of one. */
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { api, ask, askWhole, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { count, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { useNames } from "../shell/names";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Dialog, useWrite } from "../shell/write";

type Hold = Shapes["HoldView"];

export function Holds({ member }: { member: string }) {
  const names = useNames();
  const may = [useMay("points:release"), useMay("activities:write")].every(Boolean);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const query = useQuery({ queryKey: ["member", member, "account"], queryFn: () => ask(api.GET("/v1/members/{member}/account", { params: { path: { member } } })) });
  return (
    <Part title={t("members.holds")}>
      <Asked query={query}>
        {(account) => (
          <Rows
            rows={account.holds}
            label={t("members.holds")}
            idOf={(row) => row.id}
            empty={t("members.holds.none")}
            columns={[
              { key: "points", title: t("members.amount"), end: true, show: (row) => `${count(row.open)} ${names.currency(row.currency)}` },
              { key: "since", title: t("members.hold.since"), show: (row) => dateTime(row.held_at) },
              { key: "until", title: t("members.until"), show: (row) => dateTime(row.valid_until) },
              {
                key: "release",
                title: "",
                show: (row) =>
                  may && (
                    <Button size="small" onClick={() => setReleasing(row)}>
                      {t("members.hold.release")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Asked>
      {releasing !== null && <Release member={member} hold={releasing} close={() => setReleasing(null)} />}
    </Part>
  );
}

function Release({ member, hold, close }: { member: string; hold: Hold; close: () => void }) {
  const [named] = useState(() => ({ id: newKey(), source: "console", occurred_at: ledgerNow().toISOString(), member: { id: member } }));
  const write = useWrite(() => askWhole(api.POST("/v1/activities", { body: { ...named, kind: "release", ask: { hold: hold.id } } })), {
    touches: [["member", member]],
    said: t("members.hold.released"),
    done: close,
    waits: (answer) => answer.status === 202,
  });
  return <Dialog<object> open title={t("members.hold.release")} about={t("members.hold.release.about")} close={close} write={write} go={t("members.hold.release")} />;
}
