/** Where I am signed in, by what, and how to stop somebody who has my phone. */
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ago, date } from "../../kit/format";
import { t } from "../../kit/words";
import { addPasskey, canUsePasskeys } from "../entry/passkey";
import { refresh, useLoaded } from "../frame/loaded";
import { Block, Button, Empty, Failed, Screen, Sheet, Told } from "../frame/parts";
import { usePresent } from "../frame/present";
import { signOut, useMine } from "../frame/session";
import { useWriting } from "../frame/writing";

type Session = Shapes["MemberSession"];
type Passkey = Shapes["Passkey"];
const loadSessions = () => ask(api.GET("/v1/me/sessions"));
const loadPasskeys = () => ask(api.GET("/v1/me/passkeys"));

export default function Security() {
  const sessions = useLoaded("sessions", loadSessions);
  const everywhere = useWriting();
  return (
    <Screen title={t("member.security")} back="/mine">
      <Passkeys />
      <Block title={t("member.sessions")}>
        <Told of={sessions}>
          {(told) => (
            <ul className="rows">
              {told.sessions.map((each) => (
                <SessionRow key={each.id} session={each} isThis={each.id === told.current} />
              ))}
            </ul>
          )}
        </Told>
        {everywhere.error !== undefined && <Failed error={everywhere.error} />}
        <Button busy={everywhere.busy} onClick={() => void everywhere.run(() => signOut(true))}>
          {t("member.sessions.all")}
        </Button>
      </Block>
      <Freeze />
    </Screen>
  );
}

function SessionRow({ session, isThis }: { session: Session; isThis: boolean }) {
  const writing = useWriting();
  const end = () =>
    void writing.run(async () => {
      await ask(api.POST("/v1/me/sessions/{session}/end", { params: { path: { session: session.id } } }));
      refresh("sessions");
    });
  return (
    <li>
      <span>
        <bdi>{device(session.agent)}</bdi>
        <br />
        <span className="soft">{isThis ? t("member.sessions.this") : t("member.sessions.seen", { at: ago(session.seen_at) })}</span>
        {writing.error !== undefined && <Failed error={writing.error} />}
      </span>
      {!isThis && (
        <Button busy={writing.busy} onClick={end}>
          {t("member.sessions.end")}
        </Button>
      )}
    </li>
  );
}

/** A browser and its system, as far as it says. */
function device(agent: string): string {
  const system = /iPhone|iPad|Android|Windows|Macintosh|Linux/.exec(agent)?.[0];
  const browser = /MicroMessenger|Edg|Firefox|Chrome|Safari/.exec(agent)?.[0];
  return [browser, system].filter((each) => each !== undefined).join(" · ") || t("member.sessions.unknown");
}

function Passkeys() {
  const passkeys = useLoaded("passkeys", loadPasskeys);
  const present = usePresent();
  const add = () =>
    present.run(async () => {
      await addPasskey(device(navigator.userAgent));
      refresh("passkeys");
    });
  return (
    <Block title={t("member.passkeys")}>
      <p className="soft">{t("member.passkeys.about")}</p>
      <Told of={passkeys}>
        {(told) => (told.passkeys.length === 0 ? <Empty>{t("member.passkeys.none")}</Empty> : <ul className="rows">{told.passkeys.map((each) => <PasskeyRow key={each.id} passkey={each} />)}</ul>)}
      </Told>
      {present.error !== undefined && <Failed error={present.error} />}
      {canUsePasskeys() && (
        <Button busy={present.busy} onClick={add}>
          {t("member.passkeys.add")}
        </Button>
      )}
      {present.sheet}
    </Block>
  );
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const present = usePresent();
  const remove = () =>
    present.run(async () => {
      await ask(api.DELETE("/v1/me/passkeys/{passkey}", { params: { path: { passkey: passkey.id } } }));
      refresh("passkeys");
    });
  return (
    <li>
      <span>
        <bdi>{passkey.name || t("member.passkeys.unnamed")}</bdi>
        <br />
        <span className="soft">{passkey.used_at === null ? t("member.passkeys.since", { at: date(passkey.created_at) }) : t("member.passkeys.used", { at: ago(passkey.used_at) })}</span>
        {present.error !== undefined && <Failed error={present.error} />}
      </span>
      <Button busy={present.busy} onClick={remove}>
        {t("member.passkeys.remove")}
      </Button>
      {present.sheet}
    </li>
  );
}

function Freeze() {
  const { burning } = useMine();
  const [asked, setAsked] = useState(false);
  const writing = useWriting();
  const freeze = () =>
    void writing.run(async () => {
      await ask(api.POST("/v1/me/freeze-burning"));
      setAsked(false);
      refresh("me");
    });
  return (
    <Block title={t("member.freeze")}>
      <p>{t(burning === "off" ? "member.frozen" : "member.freeze.about")}</p>
      {burning === "on" && (
        <Button kind="danger" onClick={() => setAsked(true)}>
          {t("member.freeze.go")}
        </Button>
      )}
      {asked && (
        <Sheet title={t("member.freeze.sure")} onClose={() => setAsked(false)}>
          <p>{t("member.freeze.back")}</p>
          {writing.error !== undefined && <Failed error={writing.error} />}
          <Button kind="danger" busy={writing.busy} onClick={freeze}>
            {t("member.freeze.go")}
          </Button>
        </Sheet>
      )}
    </Block>
  );
}
