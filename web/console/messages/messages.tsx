/** What members are written: the words, how often and when, and what is on its way. */
import { Head } from "../shell/head";
import { t, useLanguage } from "../../kit/words";
import { useMay } from "../shell/session";
import { Sides } from "../shell/sides";
import { LeftAlone } from "./left-alone";
import { Outbox } from "./outbox";
import { Rules } from "./rules";
import { Templates } from "./templates";

export default function Messages() {
  useLanguage();
  const mayWrite = useMay("messages:write");
  return (
    <>
      <Head title={t("messages.title")} about={t("messages.about")} />
      <Sides
        sides={[
          { key: "outbox", label: t("messages.outbox"), children: <Outbox /> },
          { key: "templates", label: t("messages.templates"), children: <Templates /> },
          { key: "rules", label: t("messages.rules"), children: <Rules /> },
          ...(mayWrite ? [{ key: "left-alone", label: t("messages.alone"), children: <LeftAlone /> }] : []),
        ]}
      />
    </>
  );
}
