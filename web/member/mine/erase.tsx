/** The end of a membership: first what is lost, then a word that one means it. */
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { money } from "../../kit/format";
import { t } from "../../kit/words";
import { useNaming } from "../frame/naming";
import { Block, Button, Failed, Sheet } from "../frame/parts";
import { usePresent } from "../frame/present";
import { begin } from "../frame/session";
import { useWriting } from "../frame/writing";

type Lost = Shapes["LostByErasure"];

export function Erase() {
  const writing = useWriting();
  const [lost, setLost] = useState<Lost | null>(null);
  const look = () => void writing.run(async () => setLost(await ask(api.GET("/v1/me/erasure"))));
  return (
    <Block title={t("member.erase")}>
      <p>{t("member.erase.about")}</p>
      <Button kind="danger" busy={writing.busy} onClick={look}>
        {t("member.erase.look")}
      </Button>
      {writing.error !== undefined && <Failed error={writing.error} />}
      {lost !== null && <Sure lost={lost} onClose={() => setLost(null)} />}
    </Block>
  );
}

function Sure({ lost, onClose }: { lost: Lost; onClose: () => void }) {
  const naming = useNaming();
  const present = usePresent();
  const [isSure, setSure] = useState(false);
  const erase = () =>
    present.run(async () => {
      await ask(api.POST("/v1/me/erasure", { body: { confirm: lost.confirm } }));
      begin();
    });
  return (
    <Sheet title={t("member.erase.sure")} onClose={onClose}>
      <p>{t("member.erase.lost")}</p>
      <ul className="rows">
        {lost.currencies.map((each) => (
          <li key={each.currency}>
            <b>{naming.points(each.points, each.currency)}</b>
            {each.worth_minor !== null && <span>{t("member.erase.worth", { money: money(each.worth_minor, lost.money) })}</span>}
          </li>
        ))}
        {lost.others.map((each) => (
          <li key={each.what + each.name}>
            <span dir="auto">{each.name}</span>
            <span>× {each.count}</span>
          </li>
        ))}
      </ul>
      {lost.under_legal_hold && <p className="note">{t("member.erase.held")}</p>}
      <label className="check">
        <input type="checkbox" checked={isSure} onChange={() => setSure(!isSure)} />
        <span>{t("member.erase.mean")}</span>
      </label>
      {present.error !== undefined && <Failed error={present.error} />}
      <Button kind="danger" busy={present.busy} disabled={!isSure} onClick={erase}>
        {t("member.erase.go")}
      </Button>
      {present.sheet}
    </Sheet>
  );
}
