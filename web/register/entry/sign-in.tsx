/** Signing in at the till; over a sale that has begun, so that nothing of it is lost. */
import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { api, ask } from "../../client";
import { t } from "../../kit/words";
import { Button, Failed, LanguageSwitch } from "../till/parts";

export function SignIn({ done, over = false }: { done: () => void; over?: boolean }) {
  if (over)
    return (
      <Over>
        <h2>{t("register.again")}</h2>
        <SignInForm done={done} />
      </Over>
    );
  return (
    <main className="narrow">
      <div className="top">
        <h1>{t("register.name")}</h1>
        <LanguageSwitch />
      </div>
      <p>{t("register.about")}</p>
      <SignInForm done={done} />
    </main>
  );
}

function Over({ children }: { children: React.ReactNode }) {
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = sheet.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={sheet} className="sheet" onCancel={(event) => event.preventDefault()}>
      {children}
    </dialog>
  );
}

function SignInForm({ done }: { done: () => void }) {
  const [told, setTold] = useState({ email: "", password: "", code: "" });
  const [pending, setPending] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      if (pending === null) setPending((await ask(api.POST("/v1/session", { body: { email: told.email, password: told.password } }))).pending);
      else {
        await ask(api.POST("/v1/session/second", { body: { pending, cookie: true, code: told.code.replace(/\s/g, "") } }));
        done();
      }
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void go();
  };
  return (
    <form className="form" onSubmit={submit}>
      {pending === null ? (
        <>
          <label>
            {t("register.email")}
            <input type="email" autoComplete="username" required autoFocus value={told.email} onChange={(event) => setTold({ ...told, email: event.target.value })} />
          </label>
          <label>
            {t("register.password")}
            <input type="password" autoComplete="current-password" required value={told.password} onChange={(event) => setTold({ ...told, password: event.target.value })} />
          </label>
        </>
      ) : (
        <label>
          {t("register.code")}
          <input inputMode="numeric" autoComplete="one-time-code" required autoFocus value={told.code} onChange={(event) => setTold({ ...told, code: event.target.value })} />
        </label>
      )}
      {error !== undefined && <Failed error={error} />}
      <Button kind="main" type="submit" busy={busy}>
        {t(pending === null ? "register.next" : "register.go")}
      </Button>
    </form>
  );
}
