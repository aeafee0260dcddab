/** Messages of the shop, read when they are opened. */
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { dateTime } from "../../kit/format";
import { language, t } from "../../kit/words";
import { refresh, useLoaded } from "../frame/loaded";
import { Empty, Failed, Screen, Told } from "../frame/parts";
import { useWriting } from "../frame/writing";

type Item = Shapes["InboxItem"];
const loadInbox = () => ask(api.GET("/v1/me/inbox", { params: { query: { limit: 100, language: language() } } }));

export default function Inbox() {
  const inbox = useLoaded("inbox.all", loadInbox);
  return (
    <Screen title={t("member.inbox")} back="/">
      <Told of={inbox}>
        {(told) =>
          told.items.length === 0 ? (
            <Empty>{t("member.inbox.none")}</Empty>
          ) : (
            <ul className="cards">
              {told.items.map((each) => (
                <Message key={each.id} item={each} />
              ))}
            </ul>
          )
        }
      </Told>
    </Screen>
  );
}

function Message({ item }: { item: Item }) {
  const [open, setOpen] = useState(false);
  const writing = useWriting();
  const turn = () => {
    setOpen(!open);
    if (!item.is_read && !open)
      void writing.run(async () => {
        await ask(api.POST("/v1/me/inbox/{message}/read", { params: { path: { message: item.id } } }));
        refresh("inbox");
        refresh("inbox.all");
      });
  };
  return (
    <li className={item.is_read ? "card" : "card unread"}>
      <button className="subject" aria-expanded={open} onClick={turn}>
        <b dir="auto">{item.subject}</b>
        {!item.is_read && <span className="badge">{t("member.inbox.new")}</span>}
      </button>
      <p className="soft">{dateTime(item.at)}</p>
      {open && (
        <p dir="auto" className="text">
          {item.text}
        </p>
      )}
      {writing.error !== undefined && <Failed error={writing.error} />}
    </li>
  );
}
