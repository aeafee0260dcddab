/** Another number or address in the place of mine: a proof that it is me, then one that the new one is mine, too. */
import { useState, type SyntheticEvent } from "react";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { t } from "../../kit/words";
import { readContact } from "../entry/contact";
import { refresh } from "../frame/loaded";
import { Block, Button, Empty, Failed, Screen } from "../frame/parts";
import { usePresent } from "../frame/present";
import { useMine } from "../frame/session";

type Attempt = Shapes["AttemptOut"];
const NAMES = { email: "member.entry.email", phone: "member.entry.phone" } as const;

export default function ContactPage() {
  const { member } = useMine();
  const [until, setUntil] = useState<string | null>(null);
  const mine = member.identifiers.flatMap((each) => (each.kind === "email" || each.kind === "phone" ? [{ kind: each.kind, value: each.value } as const] : []));
  return (
    <Screen title={t("member.contact")} back="/mine">
      <ul className="rows">
        {mine.map((each) => (
          <li key={each.kind + each.value}>
            <span>{t(NAMES[each.kind])}</span>
            <bdi>{each.value}</bdi>
          </li>
        ))}
      </ul>
      {until !== null && (
        <p className="note" role="status">
          {t("member.contact.done", { at: dateTime(until) })}
        </p>
      )}
      {mine.length === 0 ? <Empty>{t("member.contact.none")}</Empty> : <Change key={until} done={setUntil} />}
    </Screen>
  );
}

function Change({ done }: { done: (until: string) => void }) {
  const present = usePresent();
  const [typed, setTyped] = useState("");
  const [code, setCode] = useState("");
  const [attempt, setAttempt] = useState<Attempt | null>(null);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    present.run(async () => setAttempt(await ask(api.POST("/v1/me/contact", { body: { contact: readContact(typed) } }))));
  };
  const confirm = (event: SyntheticEvent) => {
    event.preventDefault();
    if (attempt === null) return;
    present.run(async () => {
      const { cooling_until } = await ask(api.POST("/v1/me/contact/try", { body: { attempt: attempt.attempt, code: code.replace(/\D/g, "") } }));
      refresh("me");
      done(cooling_until);
    });
  };
  return (
    <Block title={t("member.contact.new")}>
      <p className="soft">{t("member.contact.about")}</p>
      {attempt === null ? (
        <form onSubmit={send} className="form">
          <label>
            {t("member.contact.ask")}
            <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" inputMode="email" required maxLength={200} />
          </label>
          {present.error !== undefined && <Failed error={present.error} />}
          <Button kind="main" type="submit" busy={present.busy}>
            {t("member.entry.send")}
          </Button>
        </form>
      ) : (
        <form onSubmit={confirm} className="form">
          <p>{attempt.code ? t("member.entry.shown", { code: attempt.code }) : t("member.contact.sent", { contact: typed })}</p>
          <label>
            {t("member.entry.code")}
            <input value={code} onChange={(event) => setCode(event.target.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={8} required autoFocus className="digits" />
          </label>
          {present.error !== undefined && <Failed error={present.error} />}
          <Button kind="main" type="submit" busy={present.busy}>
            {t("member.contact.go")}
          </Button>
          <Button disabled={present.busy} onClick={() => setAttempt(null)}>
            {t("member.entry.back")}
          </Button>
        </form>
      )}
      {present.sheet}
    </Block>
  );
}
