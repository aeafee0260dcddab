/** One member, from all sides. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Card, Flex, Statistic } from "antd";
import { Link, useParams } from "react-router";
import { api, ask, type Shapes } from "../../client";
import { count, date } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Head, Part } from "../shell/head";
import { useNames } from "../shell/names";
import { Facts } from "../shell/rows";
import { useMay } from "../shell/session";
import { Sides } from "../shell/sides";
import { Actions } from "./actions";
import { Activities } from "./activities";
import { Blocked } from "./blocked";
import { Consents } from "./consents";
import { Household } from "./household";
import { Identifiers } from "./identifiers";
import { LegalHolds } from "./legal-holds";
import { Levels, Lots } from "./holdings";
import { Privacy } from "./privacy";
import { Outbox } from "../messages/outbox";
import { Badge } from "./state";
import { Statement } from "./statement";
import { Traits } from "./traits";
import { Wallet } from "./wallet";

type Member = Shapes["MemberView"];

export default function One() {
  useLanguage();
  const { member = "" } = useParams();
  const query = useQuery({ queryKey: ["member", member], queryFn: () => ask(api.GET("/v1/members/{member}", { params: { path: { member } } })) });
  return <Asked query={query}>{(data) => <Shown member={data} />}</Asked>;
}

function Shown({ member }: { member: Member }) {
  const mayConsents = useMay("consents:read");
  const mayHouse = useMay("households:read");
  const mayErase = useMay("privacy:erase");
  const mayExport = useMay("members:export");
  const mayHolds = useMay("privacy:read");
  const mayMessages = useMay("messages:read");
  const id = member.id;
  const tabs = [
    { key: "overview", label: t("members.tab.overview"), children: <Overview member={member} /> },
    { key: "statement", label: t("members.tab.statement"), children: <Statement member={id} /> },
    { key: "activities", label: t("members.tab.activities"), children: <Activities member={id} /> },
    { key: "wallet", label: t("members.tab.wallet"), children: <Wallet member={member} /> },
    ...(mayHouse ? [{ key: "household", label: t("members.tab.household"), children: <Household member={member} /> }] : []),
    ...(mayConsents ? [{ key: "consents", label: t("members.tab.consents"), children: <Consents member={id} /> }] : []),
    ...(mayMessages ? [{ key: "messages", label: t("members.tab.messages"), children: <Outbox member={id} /> }] : []),
    ...(mayErase || mayExport || mayHolds
      ? [
          {
            key: "privacy",
            label: t("members.tab.privacy"),
            children: (
              <>
                <Privacy member={member} />
                {mayHolds && <LegalHolds member={member} />}
              </>
            ),
          },
        ]
      : []),
  ];
  const first = member.identifiers[0];
  return (
    <>
      <Head
        back={{ to: "/members", label: t("members.title") }}
        title={
          <Flex gap={8} align="center" wrap>
            <bdi>{first ? first.value : id.slice(-12)}</bdi>
            <Badge state={member.state} />
          </Flex>
        }
      >
        <Actions member={member} />
      </Head>
      {member.merged_into !== null && (
        <Alert type="info" showIcon style={{ marginBottom: 16 }} title={<Link to={`/members/${member.merged_into}`}>{t("members.merged.into")}</Link>} />
      )}
      <Blocked member={id} />
      <Sides sides={tabs} />
    </>
  );
}

function Overview({ member }: { member: Member }) {
  const names = useNames();
  return (
    <>
      <div className="cards">
        {member.balances.map((each) => (
          <Card key={each.currency} size="small">
            <Statistic title={names.currency(each.currency)} value={each.available} formatter={(value) => count(Number(value))} />
            <Facts
              facts={[
                [t("members.pending"), each.pending > 0 ? count(each.pending) : null],
                [t("members.held"), each.held > 0 ? count(each.held) : null],
                [t("members.owed"), each.owed > 0 ? <span key="owed" className="loss">{count(each.owed)}</span> : null],
                [t("members.ends.next"), each.next_expiry === null ? null : t("members.ends.when", { points: each.next_expiry_points, day: date(each.next_expiry) })],
              ]}
            />
          </Card>
        ))}
      </div>
      {member.balances.length === 0 && <div className="rows rows-empty">{t("members.nothing")}</div>}
      <Levels member={member} />
      <Lots member={member.id} />
      <Identifiers member={member} />
      <Part title={t("members.profile")}>
        <Facts
          facts={[
            [t("members.id"), <span key="id" className="code">{member.id}</span>],
            [t("members.since"), date(member.joined_at)],
            [t("members.region"), member.region],
          ]}
        />
      </Part>
      <Traits member={member} />
    </>
  );
}
