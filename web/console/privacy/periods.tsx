/** How long each sort of data is kept: what somebody here said, or else what comes along. */
import { useQuery } from "@tanstack/react-query";
import { Button, Flex, Form, InputNumber } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { chosen, Dialog, Fault, useWrite } from "../shell/write";
import { nameOfPeriod } from "./naming";

type Period = Shapes["Period"];
const DAYS_MAX = 36_500;

export function Periods() {
  const mayWrite = useMay("privacy:write");
  const [changing, setChanging] = useState<Period | null>(null);
  const query = useQuery({ queryKey: ["privacy", "periods"], queryFn: () => ask(api.GET("/v1/privacy/periods")) });
  const put = (days: Record<string, number | null>) => ask(api.PUT("/v1/privacy/periods", { body: { days } }));
  const touches = [["privacy", "periods"]];
  const write = useWrite(({ days }: { days: number }) => put({ [changing?.name ?? ""]: days }), { touches, said: t("privacy.saved"), done: () => setChanging(null) });
  const reset = useWrite((name: string) => put({ [name]: null }), { touches, said: t("privacy.saved") });
  return (
    <Asked query={query}>
      {({ periods }) => (
        <>
          {reset.error !== null && <Fault error={reset.error} />}
          <Rows
            rows={periods}
            label={t("privacy.periods")}
            idOf={(row) => row.name}
            empty={t("privacy.periods.none")}
            columns={[
              { key: "what", title: t("privacy.what"), show: (row) => <bdi>{nameOfPeriod(row.name, row.what)}</bdi> },
              { key: "name", title: t("privacy.period"), show: (row) => <span className="code">{row.name}</span> },
              { key: "days", title: t("privacy.days"), end: true, show: (row) => (row.days === 0 ? t("privacy.ever") : count(row.days)) },
              { key: "set", title: t("privacy.by"), show: (row) => (row.is_fixed ? t("privacy.fixed") : row.is_set ? t("privacy.set") : t("privacy.default")) },
              {
                key: "change",
                title: "",
                show: (row) =>
                  mayWrite &&
                  !row.is_fixed && (
                    <Flex gap={8} wrap>
                      <Button size="small" onClick={() => setChanging(row)}>
                        {t("privacy.change")}
                      </Button>
                      {row.is_set && (
                        <Button size="small" loading={reset.isBusy} onClick={() => reset.run(row.name)}>
                          {t("privacy.reset")}
                        </Button>
                      )}
                    </Flex>
                  ),
              },
            ]}
          />
          {changing !== null && (
            <Dialog<{ days: number }>
              open
              title={t("privacy.change.title", { name: changing.name })}
              about={<bdi>{nameOfPeriod(changing.name, changing.what)}</bdi>}
              close={() => setChanging(null)}
              write={write}
              go={t("privacy.save")}
              initialValues={{ days: changing.days }}
            >
              <Form.Item name="days" label={t("privacy.days")} extra={t("privacy.days.about")} rules={[chosen()]}>
                <InputNumber min={0} max={DAYS_MAX} precision={0} style={{ width: "100%" }} />
              </Form.Item>
            </Dialog>
          )}
        </>
      )}
    </Asked>
  );
}
