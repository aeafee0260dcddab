/** A session has ended: coming in again over what is on the screen, so that nothing of it is lost. */
import { useEffect, useId, useRef } from "react";
import { t } from "../../kit/words";
import { useLoaded } from "../frame/loaded";
import { Button, Told } from "../frame/parts";
import { begin } from "../frame/session";
import { Codes, loadWays } from "./entry";

export default function Again() {
  const ways = useLoaded("entry", loadWays);
  const sheet = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = sheet.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={sheet} className="sheet again" aria-labelledby={id} onCancel={(event) => event.preventDefault()}>
      <h2 id={id}>{t("member.again.title")}</h2>
      <p>{t("member.again.about")}</p>
      <Told of={ways}>{(told) => <Codes ways={{ ...told, joining: false }} />}</Told>
      <Button onClick={() => begin()}>{t("member.again.leave")}</Button>
    </dialog>
  );
}
