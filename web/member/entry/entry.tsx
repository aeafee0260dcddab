/** Joining and coming in: a contact, a code, and one is there. */
import { useState, type SyntheticEvent } from "react";
import { api, ask, type Shapes } from "../../client";
import { language, speak, t, useLanguage } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { choose } from "../frame/naming";
import { Button, Failed, Told } from "../frame/parts";
import { begin } from "../frame/session";
import { useWriting } from "../frame/writing";
import { readInvited } from "../friends/invited";
import { readContact } from "./contact";
import { canUsePasskeys, signInByPasskey } from "./passkey";

type Ways = Shapes["EntryView"];
type Attempt = Shapes["AttemptOut"];
/** What is asked when somebody joins; the rest can be chosen on the page of privacy. */
const ASKED = new Set(["marketing", "personalisation"]);
export const loadWays = (): Promise<Ways> => ask(api.GET("/v1/entry"));

export default function Entry() {
  const ways = useLoaded("entry", loadWays);
  const now = useLanguage();
  return (
    <main className="entry">
      <header>
        <img src="/member/icon.svg" alt="" width="56" height="56" />
        <Button className="button plain small" lang={now === "en" ? "zh-CN" : "en"} onClick={() => void speak(now === "en" ? "zh-CN" : "en", true)}>
          {t("kit.language")}
        </Button>
      </header>
      <Told of={ways}>{(told) => <Way ways={told} />}</Told>
    </main>
  );
}

function Way({ ways }: { ways: Ways }) {
  return (
    <>
      <h1>{choose(ways.name) || t("member.name")}</h1>
      {ways.joining && readInvited() !== "" && <p className="note">{t("member.invited.join")}</p>}
      <p className="soft">{t(ways.joining ? "member.entry.about" : "member.entry.about.members")}</p>
      <Codes ways={ways} />
    </>
  );
}

/** A contact, and the code that was sent to it. */
export function Codes({ ways }: { ways: Ways }) {
  const [asked, setAsked] = useState<{ contact: string; attempt: Attempt } | null>(null);
  if (asked === null) return <AskCode ways={ways} done={(contact, attempt) => setAsked({ contact, attempt })} />;
  return <TryCode ways={ways} asked={asked} back={() => setAsked(null)} />;
}

function AskCode({ ways, done }: { ways: Ways; done: (contact: string, attempt: Attempt) => void }) {
  const [value, setValue] = useState("");
  const writing = useWriting();
  const both = ways.contacts.length > 1;
  const label = both ? t("member.entry.either") : ways.contacts[0] === "phone" ? t("member.entry.phone") : t("member.entry.email");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const body = { contact: readContact(value) };
    void writing.run(async () => done(value, await ask(ways.joining ? api.POST("/v1/entry/join", { body }) : api.POST("/v1/entry/code", { body }))));
  };
  const passkey = () => void writing.run(async () => {
    begin(await signInByPasskey());
  });
  return (
    <form onSubmit={submit} className="form">
      <label>
        {label}
        <input value={value} onChange={(event) => setValue(event.target.value)} autoComplete={both ? "username" : ways.contacts[0] === "phone" ? "tel" : "email"} inputMode={both ? "email" : ways.contacts[0] === "phone" ? "tel" : "email"} required autoFocus />
      </label>
      {writing.error !== undefined && <Failed error={writing.error} />}
      <Button kind="main" type="submit" busy={writing.busy}>
        {t("member.entry.send")}
      </Button>
      {ways.passkeys && canUsePasskeys() && (
        <Button onClick={passkey} disabled={writing.busy}>
          {t("member.entry.passkey")}
        </Button>
      )}
    </form>
  );
}

function TryCode({ ways, asked, back }: { ways: Ways; asked: { contact: string; attempt: Attempt }; back: () => void }) {
  const [code, setCode] = useState("");
  const [allowed, setAllowed] = useState<readonly string[]>([]);
  const writing = useWriting();
  const { attempt } = asked;
  const notices = ways.joining ? ways.notices.filter((each) => ASKED.has(each.purpose)) : [];
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const consents = notices
      .filter((each) => allowed.includes(each.purpose))
      .map((each) => ({ purpose: each.purpose, channel: "any" as const, is_given: true, version: each.version, language: language() }));
    const told = { attempt: attempt.attempt, code: code.replace(/\D/g, ""), cookie: true };
    void writing.run(async () => {
      const { session } = await ask(ways.joining ? api.POST("/v1/entry/join/try", { body: { ...told, consents } }) : api.POST("/v1/entry/code/try", { body: told }));
      begin(session.member);
    });
  };
  const turn = (purpose: string) => setAllowed(allowed.includes(purpose) ? allowed.filter((each) => each !== purpose) : [...allowed, purpose]);
  return (
    <form onSubmit={submit} className="form">
      <p>{attempt.code ? t("member.entry.shown", { code: attempt.code }) : t("member.entry.sent", { contact: asked.contact })}</p>
      <label>
        {t("member.entry.code")}
        <input value={code} onChange={(event) => setCode(event.target.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={8} required autoFocus className="digits" />
      </label>
      {notices.length > 0 && (
        <fieldset>
          <legend>{t("member.entry.consents")}</legend>
          {notices.map((each) => (
            <label key={each.purpose} className="check">
              <input type="checkbox" checked={allowed.includes(each.purpose)} onChange={() => turn(each.purpose)} />
              <span>{language() === "en" ? each.en : each.zh}</span>
            </label>
          ))}
        </fieldset>
      )}
      {writing.error !== undefined && <Failed error={writing.error} />}
      <Button kind="main" type="submit" busy={writing.busy}>
        {t("member.entry.go")}
      </Button>
      <Button onClick={back}>{t("member.entry.back")}</Button>
    </form>
  );
}
