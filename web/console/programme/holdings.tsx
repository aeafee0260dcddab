/** What members collect, and the levels that it lifts them to. */
import { Card, Descriptions, Empty, Tag, Typography } from "antd";
import { count, money } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useLive } from "./asking";
import { called, documentOf, listed, offersOf, textOf, within, type Document, type Settings } from "./document";

const whole = (value: unknown): number => (typeof value === "number" ? value : 0);

function expiryOf(expiry: Settings): string {
  const model = textOf(expiry["model"]) || "never";
  if (model === "rolling" && expiry["months"] === undefined) return t("programme.expiry.days", { count: whole(expiry["days"]) });
  if (model === "rolling") {
    const said = t("programme.expiry.months", { count: whole(expiry["months"]) });
    return expiry["round_to"] === "month_end" ? `${said}${t("programme.expiry.month_end")}` : said;
  }
  if (model === "inactivity") return t("programme.expiry.inactivity", { count: whole(expiry["months"]) });
  if (model === "fixed") return t("programme.expiry.fixed", { date: textOf(expiry["date"]) });
  if (model === "calendar_end") return t("programme.expiry.calendar_end", { count: whole(expiry["grace_months"]) });
  return t("programme.expiry.never");
}

function Currency({ id, currency, document }: { id: string; currency: Settings; document: Document }) {
  const [value, pending] = [within(currency["value"]), within(currency["pending"])];
  const spendable = currency["kind"] === "spendable";
  const items = [
    { key: "kind", label: t("programme.currency.kind"), children: t(spendable ? "programme.currency.spendable" : "programme.currency.qualifying") },
    { key: "expiry", label: t("programme.currency.expiry"), children: expiryOf(within(currency["expiry"])) },
  ];
  if (typeof pending["days"] === "number")
    items.push({ key: "pending", label: t("programme.currency.pending"), children: t("programme.currency.days", { count: pending["days"] }) });
  if (typeof value["minor"] === "number" && typeof value["per_points"] === "number") {
    const worth = t("programme.currency.worth", { points: count(100 * value["per_points"]), money: money(100 * value["minor"], document.money) });
    items.push({ key: "value", label: t("programme.currency.value"), children: worth });
  }
  return (
    <Card size="small" title={<bdi>{called(currency["name"], id)}</bdi>} extra={<Typography.Text code>{id}</Typography.Text>}>
      <Descriptions column={1} size="small" items={items} />
    </Card>
  );
}

function Levels({ settings, document }: { settings: Settings; document: Document }) {
  const counts = textOf(settings["counts"]);
  const what = called(within(within(document["currencies"])[counts])["name"], counts);
  return (
    <ul className="clauses">
      {listed(settings["levels"]).map(within).map((level) => (
        <li key={textOf(level["id"])}>
          <Tag>
            <bdi>{called(level["name"], textOf(level["id"]))}</bdi>
          </Tag>
          {typeof level["at"] === "number" && (level["at"] === 0 ? t("programme.level.all") : t("programme.level.at", { count: level["at"], what }))}
        </li>
      ))}
    </ul>
  );
}

export function Holdings() {
  useLanguage();
  const live = useLive();
  return (
    <Asked query={live}>
      {(data) => {
        const document = documentOf(data.document);
        const tiers = offersOf(document).filter((each) => each.mechanic === "tiers");
        return (
          <>
            <Typography.Title level={2} className="section">
              {t("programme.currencies")}
            </Typography.Title>
            <div className="offer-cards">
              {Object.entries(within(document["currencies"])).map(([id, currency]) => (
                <Currency key={id} id={id} currency={within(currency)} document={document} />
              ))}
            </div>
            <Typography.Title level={2} className="section">
              {t("programme.levels")}
            </Typography.Title>
            {tiers.length === 0 && <Empty description={t("programme.levels.none")} />}
            <div className="offer-cards">
              {tiers.map((offer) => (
                <Card key={offer.id} size="small" title={<bdi>{called(offer["name"], offer.id)}</bdi>}>
                  <Levels settings={offer.settings} document={document} />
                </Card>
              ))}
            </div>
          </>
        );
      }}
    </Asked>
  );
}
