/** Every table that knows of members, and what becomes of it when one is forgotten: for whoever has to show that. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../client";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Rows } from "../shell/rows";

export function Tables() {
  const query = useQuery({ queryKey: ["privacy", "tables"], queryFn: () => ask(api.GET("/v1/privacy/tables")) });
  return (
    <>
      <p>{t("privacy.tables.about")}</p>
      <Asked query={query}>
        {({ tables }) => (
          <Rows
            rows={tables}
            label={t("privacy.tables")}
            idOf={(row) => row.table}
            empty={t("privacy.tables.none")}
            columns={[
              { key: "table", title: t("privacy.table"), show: (row) => <bdi className="code">{row.table}</bdi> },
              { key: "decided", title: t("privacy.decided"), show: (row) => <bdi lang="en">{row.decided}</bdi> },
            ]}
          />
        )}
      </Asked>
    </>
  );
}
