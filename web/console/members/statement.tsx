/** Every movement of a member's points, and why. */
import { useQuery } from "@tanstack/react-query";
import { Button, Flex, Select, Typography } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count, dateTime, signed } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { Asked, usePages } from "../shell/asked";
import { inLanguage, useNames } from "../shell/names";
import { reasonOf } from "../shell/reasons";
import { Facts, Listing } from "../shell/rows";
import { Mark } from "../shell/mark";
import { Sheet } from "../shell/sheet";

export const kindOf = (kind: string) => (knows(`members.did.${kind}`) ? t(`members.did.${kind}`) : kind);

export function Statement({ member }: { member: string }) {
  const names = useNames();
  const [currency, setCurrency] = useState("");
  const [why, setWhy] = useState<string | null>(null);
  const list = usePages(["member", member, "statement", currency], async (cursor) => {
    const query = { limit: 30, ...(currency && { currency }), ...(cursor && { cursor }) };
    const page = await ask(api.GET("/v1/members/{member}/statement", { params: { path: { member }, query } }));
    return { rows: page.entries, next: page.next };
  });
  return (
    <>
      <Flex style={{ marginBottom: 12 }}>
        <Select
          aria-label={t("members.currency")}
          value={currency}
          onChange={setCurrency}
          style={{ minWidth: 180 }}
          options={[{ value: "", label: t("console.all") }, ...names.currencies.map((each) => ({ value: each.id, label: each.name }))]}
        />
      </Flex>
      <Listing
        list={list}
        label={t("members.tab.statement")}
        idOf={(row) => `${row.currency} ${row.account} ${row.version}`}
        empty={t("members.statement.none")}
        columns={[
          { key: "at", title: t("members.when"), show: (row) => dateTime(row.occurred_at ?? row.at) },
          { key: "kind", title: t("members.what"), show: (row) => kindOf(row.kind) },
          { key: "offers", title: t("members.offer"), show: (row) => <bdi>{row.offers.map((each) => names.offer(each)).join(" · ")}</bdi> },
          {
            key: "points",
            title: t("members.points"),
            end: true,
            show: (row) => <span className={row.points < 0 ? "loss" : "gain"}>{`${signed(row.points)} ${names.currency(row.currency)}`}</span>,
          },
          { key: "balance", title: t("members.balance"), end: true, show: (row) => count(row.balance) },
          {
            key: "why",
            title: "",
            show: (row) => (
              <Button size="small" onClick={() => setWhy(row.activity)}>
                {t("members.why")}
              </Button>
            ),
          },
        ]}
      />
      <Sheet open={why !== null} close={() => setWhy(null)} title={t("members.why.title")}>
        {why !== null && <Explanation member={member} activity={why} />}
      </Sheet>
    </>
  );
}

export function Explanation({ member, activity }: { member: string; activity: string }) {
  const query = useQuery({
    queryKey: ["member", member, "why", activity],
    queryFn: () => ask(api.GET("/v1/members/{member}/activities/{activity}/explanation", { params: { path: { member, activity } } })),
  });
  return (
    <Asked query={query}>
      {(told) => (
        <>
          <Facts
            facts={[
              [t("members.what"), kindOf(told.receipt.kind)],
              [t("members.when"), dateTime(told.receipt.occurred_at)],
              [t("members.source"), <bdi key="s" className="code">{`${told.receipt.source} ${told.receipt.id}`}</bdi>],
            ]}
          />
          {[...told.offers].sort((one, other) => Number(other.fired) - Number(one.fired)).map((each) => (
            <Decided key={each.offer} offer={each} />
          ))}
          {told.offers.length === 0 && <Plain points={told.receipt.points} />}
        </>
      )}
    </Asked>
  );
}

function Plain({ points }: { points: readonly { readonly kind: string; readonly points: number; readonly currency: string }[] }) {
  const names = useNames();
  return (
    <ul>
      {points.map((each, place) => (
        <li key={place}>{`${kindOf(each.kind)}: ${signed(each.points)} ${names.currency(each.currency)}`}</li>
      ))}
    </ul>
  );
}

function Decided({ offer }: { offer: Shapes["OfferView"] }) {
  const names = useNames();
  const given = Object.entries(offer.points).filter(([, points]) => points !== 0);
  const needs = offer.gates.filter((each) => !each.admits);
  return (
    <section style={{ borderTop: "1px solid var(--line)", marginTop: 12, paddingTop: 12 }}>
      <Typography.Text strong>
        <bdi>{inLanguage(offer.name, offer.offer)}</bdi>
      </Typography.Text>{" "}
      <Mark tone={offer.fired ? "good" : "plain"}>{offer.fired ? t("members.why.gave") : t("members.why.left")}</Mark>
      {given.map(([currency, points]) => (
        <div key={currency} className="gain">{`${signed(points)} ${names.currency(currency)}`}</div>
      ))}
      {!offer.fired && offer.decided !== "" && <div>{knows(`members.left.${offer.decided}`) ? t(`members.left.${offer.decided}`) : offer.decided}</div>}
      <ul style={{ margin: "4px 0 0", paddingInlineStart: 18 }}>
        {offer.reasons.map((each, place) => (
          <li key={place}>
            <span title={each.code}>{reasonOf(each.code)}</span> {listOf(each.values)}
          </li>
        ))}
        {needs.map((each) => (
          <li key={each.gate}>
            {knows(`members.left.${each.gate}`) ? t(`members.left.${each.gate}`) : each.gate} {listOf(each.needs)}
          </li>
        ))}
      </ul>
    </section>
  );
}

const listOf = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === "number" ? count(value) : String(value)}`)
    .join(", ");
