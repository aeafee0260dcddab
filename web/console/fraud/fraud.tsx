/** What looks like misuse: the cases that wait for somebody, and what is looked for. */
import { t, useLanguage } from "../../kit/words";
import { Head } from "../shell/head";
import { useMay } from "../shell/session";
import { Sides } from "../shell/sides";
import { Cases } from "./cases";
import { Rules } from "./rules";
import { Stopping } from "./stopping";

export default function Fraud() {
  useLanguage();
  const maySee = useMay("estate:read");
  return (
    <>
      <Head title={t("fraud.title")} about={t("fraud.about")} />
      <Sides
        sides={[
          { key: "cases", label: t("fraud.cases"), children: <Cases /> },
          { key: "rules", label: t("fraud.rules"), children: <Rules /> },
          ...(maySee ? [{ key: "stopping", label: t("fraud.stopping"), children: <Stopping /> }] : []),
        ]}
      />
    </>
  );
}
