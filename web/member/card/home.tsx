/** The first screen: the code, the points, the level, and what is new. */
import { Link } from "wouter";
import { api, ask, type Shapes } from "../../client";
import { count, date } from "../../kit/format";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { useNaming } from "../frame/naming";
import { Screen } from "../frame/parts";
import { useMine } from "../frame/session";
import { Glyph } from "../frame/glyphs";
import { choose } from "../frame/naming";
import { readInvited } from "../friends/invited";
import { MemberCode } from "./code";
import { Levels } from "./levels";

const loadInbox = () => ask(api.GET("/v1/me/inbox", { params: { query: { limit: 20 } } }));
const loadWallet = () => ask(api.GET("/v1/me/coupons"));

export default function Home() {
  const { program } = useNaming();
  const inbox = useLoaded("inbox", loadInbox);
  const wallet = useLoaded("wallet", loadWallet);
  const usable = [...(wallet.data?.coupons ?? []), ...(wallet.data?.own_codes ?? [])].filter((each) => each.state === "usable").length;
  return (
    <Screen title={choose(program?.name) || t("member.name")}>
      {readInvited() !== "" && (
        <p className="note">
          <Link href="/invite">{t("member.invited.say")}</Link>
        </p>
      )}
      <section className="pass">
        <Points />
        <MemberCode />
      </section>
      <ul className="ways">
        <li>
          <Link href="/coupons">
            <Glyph of="ticket" />
            {t("member.coupons")}
            {usable > 0 && <b className="badge">{count(usable)}</b>}
          </Link>
        </li>
        <li>
          <Link href="/inbox">
            <Glyph of="mail" />
            {t("member.inbox")}
            {(inbox.data?.unread ?? 0) > 0 && <b className="badge">{count(inbox.data?.unread ?? 0)}</b>}
          </Link>
        </li>
        <li>
          <Link href="/points">
            <Glyph of="clock" />
            {t("member.endings")}
          </Link>
        </li>
      </ul>
      <Levels />
    </Screen>
  );
}

/** What can be spent, and what of it ends first. */
function Points() {
  const { member, burning } = useMine();
  const naming = useNaming();
  const spendable = member.balances.filter((each) => isSpent(naming.program, each.currency));
  const shown = spendable.length > 0 ? spendable : [];
  return (
    <div className="balances">
      {shown.length === 0 && (
        <p className="big" data-points="0">
          {naming.program === undefined ? "…" : naming.points(0, firstSpent(naming.program))}
        </p>
      )}
      {shown.map((each) => (
        <div key={each.currency}>
          <p className="big" data-points={each.available}>
            <b>{naming.amount(each.available, each.currency)}</b> {naming.currency(each.currency)}
          </p>
          <p>
            {each.pending > 0 && <span>{t("member.pending", { points: naming.points(each.pending, each.currency) })} </span>}
            {each.owed > 0 && <span>{t("member.owed", { points: naming.points(each.owed, each.currency) })} </span>}
            {each.next_expiry !== null && each.next_expiry_points > 0 && (
              <span>{t("member.ends", { points: naming.points(each.next_expiry_points, each.currency), at: date(each.next_expiry) })}</span>
            )}
          </p>
        </div>
      ))}
      {burning === "off" && <p className="note">{t("member.frozen")}</p>}
    </div>
  );
}

type Program = Shapes["MyProgram"];
const isSpent = (program: Program | undefined, currency: string): boolean => program?.currencies.find((each) => each.currency === currency)?.kind !== "qualifying";
const firstSpent = (program: Program): string => program.currencies.find((each) => each.kind === "spendable")?.currency ?? "";
