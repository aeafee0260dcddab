/** Everything about me: where the rest is, language and light, and the way out. */
import { useState } from "react";
import { Link } from "wouter";
import { date } from "../../kit/format";
import { speak, t, useLanguage } from "../../kit/words";
import { Glyph, type Drawn } from "../frame/glyphs";
import { Button, Failed, Screen } from "../frame/parts";
import { signOut, useMine } from "../frame/session";
import { useWriting } from "../frame/writing";
import { nextTheme, theme } from "./theme";

const PLACES: readonly (readonly [string, Drawn, string])[] = [
  ["/inbox", "mail", "member.inbox"],
  ["/coupons", "ticket", "member.coupons"],
  ["/points", "clock", "member.endings"],
  ["/give", "gift", "member.give"],
  ["/invite", "friends", "member.invite"],
  ["/household", "home", "member.household"],
  ["/privacy", "shield", "member.privacy"],
  ["/contact", "phone", "member.contact"],
  ["/security", "lock", "member.security"],
];

const THEMES = { system: "member.theme.system", light: "member.theme.light", dark: "member.theme.dark" } as const;
const KINDS: Readonly<Record<string, string>> = { card: "member.kind.of.card", email: "member.entry.email", phone: "member.entry.phone", external: "member.kind.of.external" };

export default function Mine() {
  const { member } = useMine();
  const now = useLanguage();
  const [light, setLight] = useState(theme);
  const writing = useWriting();
  return (
    <Screen title={t("member.mine")}>
      <ul className="rows">
        {member.identifiers.map((each) => (
          <li key={each.kind + each.value}>
            <span>{KINDS[each.kind] === undefined ? each.kind : t(KINDS[each.kind] ?? "")}</span>
            <span>{each.value}</span>
          </li>
        ))}
        <li>
          <span>{t("member.since")}</span>
          <span>{date(member.joined_at)}</span>
        </li>
      </ul>
      <ul className="places">
        {PLACES.map(([path, drawn, key]) => (
          <li key={path}>
            <Link href={path}>
              <Glyph of={drawn} />
              {t(key)}
              <span aria-hidden="true">›</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="pair">
        <Button lang={now === "en" ? "zh-CN" : "en"} onClick={() => void speak(now === "en" ? "zh-CN" : "en", true)}>
          {t("kit.language")}
        </Button>
        <Button onClick={() => setLight(nextTheme())}>{t("member.theme", { now: t(THEMES[light]) })}</Button>
      </div>
      {writing.error !== undefined && <Failed error={writing.error} />}
      <Button busy={writing.busy} onClick={() => void writing.run(() => signOut())}>
        {t("member.leave")}
      </Button>
    </Screen>
  );
}
