/** Bringing friends: a link to hand on, what both get for it, and a newcomer's word of who sent them. */
import { useState, type SyntheticEvent } from "react";
import { api, ask, newKey, type Shapes } from "../../client";
import { ledgerNow } from "../../kit/clock";
import { t } from "../../kit/words";
import { QrCode } from "../card/code";
import { refresh, useLoaded } from "../frame/loaded";
import { Block, Button, Empty, Failed, Screen, Told } from "../frame/parts";
import { useWriting } from "../frame/writing";
import { codeOf, forgetInvited, linkOf, readInvited } from "./invited";

type Invitation = Shapes["MyInvitation"];
const BYTES_MAX = 134;
const loadInvitation = () => ask(api.GET("/v1/me/invitation"));
const loadOffers = () => ask(api.GET("/v1/me/offers"));

export default function Invite() {
  const invitation = useLoaded("invitation", loadInvitation);
  return (
    <Screen title={t("member.invite")} back="/mine">
      <Told of={invitation}>
        {(told) => (
          <>
            {told.has_referrer ? <p className="note">{t("member.invited.known")}</p> : told.running && <Invited />}
            {told.running ? <HandOn of={told} /> : <Empty>{t("member.invite.none")}</Empty>}
          </>
        )}
      </Told>
    </Screen>
  );
}

function HandOn({ of }: { of: Invitation }) {
  const offers = useLoaded("offers", loadOffers);
  const [copied, setCopied] = useState(false);
  const writing = useWriting();
  const link = linkOf(of.code);
  const copy = () => void writing.run(async () => navigator.clipboard.writeText(link).then(() => setCopied(true)));
  const share = () =>
    void writing.run(async () => {
      try {
        await navigator.share({ text: t("member.invite.text"), url: link });
      } catch (error) {
        // Whoever closes the list of ways to share has changed their mind.
        if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
      }
    });
  return (
    <>
      <Block title={t("member.invite.link")}>
        <div className="codebox">
          {link.length <= BYTES_MAX && <QrCode text={link} name={t("member.invite.qr")} />}
          <p className="linktext">
            <bdi>{link}</bdi>
          </p>
        </div>
        <div className="pair">
          {"share" in navigator && (
            <Button kind="main" busy={writing.busy} onClick={share}>
              {t("member.invite.share")}
            </Button>
          )}
          {"clipboard" in navigator && (
            <Button busy={writing.busy} onClick={copy}>
              {t("member.invite.copy")}
            </Button>
          )}
        </div>
        {copied && <p role="status">{t("member.invite.copied")}</p>}
        {writing.error !== undefined && <Failed error={writing.error} />}
        <p className="have">{t("member.invite.count", { count: of.invited })}</p>
      </Block>
      <Told of={offers}>
        {(told) =>
          told.offers
            .filter((each) => each.mechanic === "referrals")
            .map((each) => (
              <Block key={each.offer} title={each.name}>
                {each.text.map((text) => (
                  <p key={text} dir="auto">
                    {text}
                  </p>
                ))}
              </Block>
            ))
        }
      </Told>
    </>
  );
}

/** Who sent me: asked once, with the code of the link that was opened. */
function Invited() {
  const [typed, setTyped] = useState(readInvited);
  const [asked] = useState(() => ({ id: newKey(), occurred_at: ledgerNow().toISOString() }));
  const writing = useWriting();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void writing.run(async () => {
      await ask(api.POST("/v1/me/referrer", { body: { ...asked, code: codeOf(typed) } }));
      forgetInvited();
      refresh("invitation");
    });
  };
  const drop = () => {
    forgetInvited();
    setTyped("");
    writing.clear();
  };
  return (
    <Block title={t("member.invited")}>
      <p>{t("member.invited.about")}</p>
      <form onSubmit={submit} className="form">
        <label>
          {t("member.invited.code")}
          <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" required maxLength={300} />
        </label>
        {writing.error !== undefined && <Failed error={writing.error} />}
        <div className="pair">
          <Button kind="main" type="submit" busy={writing.busy}>
            {t("member.invited.go")}
          </Button>
          {typed !== "" && (
            <Button disabled={writing.busy} onClick={drop}>
              {t("member.invited.drop")}
            </Button>
          )}
        </div>
      </form>
    </Block>
  );
}
