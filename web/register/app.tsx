/** The register: who is at the till, which store it stands in, and the sale. */
import { useEffect, useState } from "react";
import { api, ask, Problem, SIGNED_OUT, type Shapes } from "../client";
import { t, useLanguage } from "../kit/words";
import { SignIn } from "./entry/sign-in";
import { Failed } from "./till/parts";
import { Till } from "./till/till";

type Me = Shapes["Me"];
/** What somebody at a till has to have. */
const NEEDED = ["activities:preview", "activities:write", "members:read"];

export function App() {
  useLanguage();
  const [me, setMe] = useState<Me | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [ended, setEnded] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    ask(api.GET("/v1/session")).then(
      (told) => {
        setMe(told);
        setError(undefined);
        setEnded(false);
      },
      (thrown: unknown) => setError(thrown),
    );
  }, [round]);
  useEffect(() => {
    const end = () => setEnded(true);
    window.addEventListener(SIGNED_OUT, end);
    return () => window.removeEventListener(SIGNED_OUT, end);
  }, []);
  const again = () => setRound((last) => last + 1);
  if (me === null) {
    if (error === undefined) return <p className="waiting" role="status" aria-label={t("register.loading")} />;
    return error instanceof Problem && error.status === 401 ? <SignIn done={again} /> : <Failed error={error} again={again} />;
  }
  if (!NEEDED.every((each) => me.scopes.includes(each)))
    return (
      <main className="narrow">
        <h1>{t("register.name")}</h1>
        <p>{t("register.forbidden")}</p>
      </main>
    );
  return (
    <>
      <Till me={me} />
      {ended && <SignIn done={again} over />}
    </>
  );
}
