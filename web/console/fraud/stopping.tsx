/** The use of points by everybody: stopped at once in an emergency, and let go on when it is over. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { api, ask, askWhole, type Shapes } from "../../client";
import { count, dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useMay } from "../shell/session";
import { Dialog, needed, useWrite } from "../shell/write";

type View = Shapes["BurningView"];

export function Stopping() {
  const may = useMay("burning:write");
  const [asked, setAsked] = useState<View["burning"] | null>(null);
  const query = useQuery({ queryKey: ["burning"], queryFn: () => ask(api.GET("/v1/burning")) });
  return (
    <>
      <p>{t("fraud.stopping.about")}</p>
      <Asked query={query}>
        {(now) => (
          <>
            <Standing now={now} />
            {may && (
              <Button danger={now.burning === "on"} type={now.burning === "on" ? "default" : "primary"} style={{ marginTop: 16 }} onClick={() => setAsked(now.burning === "on" ? "off" : "on")}>
                {now.burning === "on" ? t("fraud.stopping.off") : t("fraud.stopping.on")}
              </Button>
            )}
            {asked !== null && <Turn to={asked} close={() => setAsked(null)} />}
          </>
        )}
      </Asked>
    </>
  );
}

function Standing({ now }: { now: View }) {
  return (
    <Alert
      type={now.burning === "on" ? "success" : "error"}
      showIcon
      role="status"
      title={now.burning === "on" ? t("fraud.stopping.is.on") : t("fraud.stopping.is.off")}
      description={
        <>
          {now.stops.map((each) => (
            <div key={each.id}>
              {dateTime(each.since)} <bdi>{each.reason}</bdi>
            </div>
          ))}
          {(now.members_off ?? 0) > 0 && <div>{t("fraud.stopping.members", { count: now.members_off ?? 0, number: count(now.members_off ?? 0) })}</div>}
        </>
      }
    />
  );
}

function Turn({ to, close }: { to: View["burning"]; close: () => void }) {
  const write = useWrite(({ reason }: { reason: string }) => askWhole(api.PUT("/v1/burning", { body: { burning: to, reason } })), {
    touches: [["burning"], ["member"]],
    said: t("fraud.decided"),
    done: close,
    waits: (answer) => answer.status === 202,
  });
  return (
    <Dialog<{ reason: string }>
      open
      title={to === "off" ? t("fraud.stopping.off") : t("fraud.stopping.on")}
      about={to === "off" ? t("fraud.stopping.off.about") : t("fraud.stopping.on.about")}
      close={close}
      write={write}
      go={to === "off" ? t("fraud.stopping.off") : t("fraud.stopping.on")}
      danger={to === "off"}
    >
      <Form.Item name="reason" label={t("fraud.reason")} rules={[needed(), { min: 3, message: t("members.reason.short") }]}>
        <Input.TextArea rows={2} maxLength={200} dir="auto" />
      </Form.Item>
    </Dialog>
  );
}
