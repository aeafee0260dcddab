/** Who is buying: a code that is scanned, a card, a number or an address that is typed. */
import { useState, type SyntheticEvent } from "react";
import { api, ask } from "../../client";
import { noteClock } from "../../kit/clock";
import { t } from "../../kit/words";
import { reach } from "../till/line";
import { Block, Button, Failed } from "../till/parts";
import type { Document } from "../till/till";
import { choose, isSpendable, namePoints } from "./naming";
import type { Member } from "./quoting";
import { canScan, Scanner } from "./scanner";

const CODE = /^RM1\./;

/** The member of what was shown. A code stays what names them: by it points may be used. */
async function find(text: string): Promise<Member | null> {
  const shown = text.trim();
  if (CODE.test(shown)) {
    const identifier = { kind: "code", value: shown };
    const { member } = await ask(api.POST("/v1/members/lookup", { body: { identifier } }));
    const view = await ask(api.GET("/v1/members/{member}", { params: { path: { member } } }));
    noteClock(view.as_of);
    return { ref: { identifier }, id: member, state: view.state, level: String(view.traits["tier"] ?? ""), balances: Object.fromEntries(view.balances.map((each) => [each.currency, each.available])) };
  }
  const found = await ask(api.POST("/v1/members/search", { body: { text: shown } }));
  noteClock(found.as_of);
  const first = found.members[0];
  if (first === undefined) return null;
  const view = await ask(api.GET("/v1/members/{member}", { params: { path: { member: first.id } } }));
  return { ref: { id: first.id }, id: first.id, state: first.state, level: String(first.traits["tier"] ?? ""), balances: Object.fromEntries(view.balances.map((each) => [each.currency, each.available])) };
}

export function MemberBlock({ member, choose: take, document }: { member: Member | null; choose: (member: Member | null) => void; document: Document }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [isUnknown, setUnknown] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const [scanning, setScanning] = useState(false);
  const look = async (shown: string) => {
    setBusy(true);
    setError(undefined);
    setUnknown(false);
    try {
      const found = await reach(() => find(shown));
      setUnknown(found === null);
      if (found !== null) {
        take(found);
        setText("");
      }
    } catch (thrown) {
      // Without a line a code still names its member, and the server finds out later.
      if (CODE.test(shown.trim())) take({ ref: { identifier: { kind: "code", value: shown.trim() } }, id: "", state: "", level: "", balances: {} });
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void look(text);
  };
  if (member !== null)
    return (
      <Block title={t("register.member")} more={<Button kind="small" onClick={() => take(null)}>{t("register.member.other")}</Button>}>
        <p className="who" data-member={member.id}>
          {member.id === "" ? t("register.member.offline") : <Held member={member} document={document} />}
        </p>
      </Block>
    );
  return (
    <Block title={t("register.member")}>
      <form className="inline" onSubmit={submit}>
        <label>
          {t("register.member.ask")}
          <input value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" required maxLength={200} />
        </label>
        <Button type="submit" busy={busy}>
          {t("register.member.find")}
        </Button>
        {canScan() && (
          <Button onClick={() => setScanning(true)} disabled={busy}>
            {t("register.scan")}
          </Button>
        )}
      </form>
      {isUnknown && <p role="alert">{t("register.member.unknown")}</p>}
      {error !== undefined && <Failed error={error} />}
      {scanning && (
        <Scanner
          found={(code) => {
            setScanning(false);
            void look(code);
          }}
          onClose={() => setScanning(false)}
        />
      )}
    </Block>
  );
}

function Held({ member, document }: { member: Member; document: Document }) {
  const points = Object.entries(member.balances).filter(([currency]) => isSpendable(document, currency));
  const levels = document.offers.find((each) => each.mechanic === "tiers")?.settings["levels"] as readonly { id: string; name?: Record<string, string> }[] | undefined;
  const level = choose(levels?.find((each) => each.id === member.level)?.name) || member.level;
  return (
    <>
      <b>{level || t("register.member.known")}</b> · {points.length === 0 ? t("register.member.none") : points.map(([currency, held]) => namePoints(document, held, currency)).join(" · ")}
      {member.state === "frozen" && <em> · {t("register.member.frozen")}</em>}
    </>
  );
}
