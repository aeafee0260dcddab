/** What one version changes against another, offer by offer, in words. */
import { Empty, Typography } from "antd";
import type { Shapes } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Mark, type Tone } from "../shell/mark";

type Change = Shapes["ChangeView"];
const TONES: Record<Change["kind"], Tone> = { added: "good", removed: "bad", changed: "warn" };

function grouped(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) groups.set(ownerOf(change), [...(groups.get(ownerOf(change)) ?? []), change]);
  return groups;
}

const ownerOf = (change: Change): string => (change.id === "" ? change.what : `${change.what} ${change.id}`);

export function Changes({ changes, names }: { changes: readonly Change[]; names?: ReadonlyMap<string, string> }) {
  useLanguage();
  if (changes.length === 0) return <Empty description={t("programme.changes.none")} />;
  const groups = grouped(changes);
  return (
    <>
      {[...groups].map(([owner, mine]) => {
        const id = mine[0]?.id ?? "";
        return (
          <section key={owner} aria-label={owner}>
            <Typography.Title level={3} style={{ fontSize: 16, margin: "16px 0 6px" }}>
              <bdi>{names?.get(id) ?? (id === "" ? t(`programme.what.${mine[0]?.what ?? "program"}`) : id)}</bdi>
            </Typography.Title>
            <ul className="clauses">
              {mine.map((each) => (
                <li key={each.said}>
                  <Mark tone={TONES[each.kind]}>{t(`programme.change.${each.kind}`)}</Mark>{" "}
                  <bdi>{each.said.replace(/^[~+-] /, "")}</bdi>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}
