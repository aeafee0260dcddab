/** What became of one offer, gate by gate: what it asked, what was there, and what would have to be otherwise. */
import { CheckCircleOutlined, CloseCircleOutlined } from "@ant-design/icons";
import { Card, Flex, Tag, Typography } from "antd";
import type { Shapes } from "../../client";
import { count, money } from "../../kit/format";
import { knows, t } from "../../kit/words";
import { called } from "../programme/document";
import { useNames } from "../shell/names";
import { reasonOf } from "../shell/reasons";
import "../programme/programme.css";
import "../offers/offers.css";

type Gate = Shapes["Gate"];
const MILLI = 1000;

function sayValue(name: string, value: Gate["values"][string], code: string, kindOf: (id: string) => string): string {
  if (Array.isArray(value)) return value.map((each) => sayValue(name, each, code, kindOf)).join(t("console.list"));
  if (value === null) return t("simulate.nothing");
  if (typeof value === "boolean") return t(value ? "conditions.yes" : "conditions.no");
  if (typeof value === "number" && name.endsWith("_minor")) return money(value, code);
  if (typeof value === "number" && name.endsWith("_milli")) return String(value / MILLI);
  if (typeof value === "number") return count(value);
  if (name === "reasons") return reasonOf(value);
  return kindOf(value);
}

function sayAll(values: Gate["values"], code: string, kindOf: (id: string) => string): string {
  return Object.entries(values)
    .filter(([name, value]) => name !== "mechanic" && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => t("simulate.pair", { name: knows(`simulate.fact.${name}`) ? t(`simulate.fact.${name}`) : name, value: sayValue(name, value, code, kindOf) }))
    .join(" · ");
}

/** Which kinds would do: any one of them. */
function sayAny(kinds: Gate["needs"][string] | undefined, kindOf: (id: string) => string): string {
  return (Array.isArray(kinds) ? kinds : []).map((each) => kindOf(String(each))).join(t("simulate.or"));
}

function OneGate({ gate, code }: { gate: Gate; code: string }) {
  const { kind } = useNames();
  const [has, needs] = [sayAll(gate.values, code, kind), sayAll(gate.needs, code, kind)];
  const name = knows(`simulate.gate.${gate.gate}`) ? t(`simulate.gate.${gate.gate}`) : gate.gate;
  return (
    <li className="gate">
      {gate.admits ? <CheckCircleOutlined className="gain" aria-label={t("conditions.yes")} /> : <CloseCircleOutlined className="loss" aria-label={t("conditions.no")} />}
      <div>
        <strong>{name}</strong>
        {has !== "" && <div className="meaning">{has}</div>}
        {!gate.admits && needs !== "" && <div>{gate.gate === "kind" ? t("simulate.needs.kind", { kinds: sayAny(gate.needs["kind"], kind) }) : t("simulate.needs", { needs })}</div>}
        {!gate.admits && has === "" && needs === "" && <div className="meaning">{t("simulate.needs.none")}</div>}
      </div>
    </li>
  );
}

export function Verdict({ offer, money: code }: { offer: Shapes["OfferView"]; money: string }) {
  const names = useNames();
  const name = called(offer.name, offer.offer);
  return (
    <Card size="small" role="group" aria-label={name}>
      <Typography.Title level={3} className="offer-name">
        <bdi>{name}</bdi>
      </Typography.Title>
      <Flex gap={4} wrap>
        {Object.entries(offer.points).map(([currency, points]) => (
          <Tag key={currency}>
            +{count(points)} {names.currency(currency)}
          </Tag>
        ))}
      </Flex>
      <ul className="gates">
        {offer.gates.map((gate, place) => (
          <OneGate key={`${gate.gate} ${place}`} gate={gate} code={code} />
        ))}
      </ul>
    </Card>
  );
}
