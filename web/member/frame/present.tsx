/** What asks for a fresh proof that one is there: the code or the passkey is asked for, and what was meant is done. */
import { useState, type SyntheticEvent, type ReactNode } from "react";
import { api, ask, Problem, type Shapes } from "../../client";
import { t } from "../../kit/words";
import { canUsePasskeys, proveByPasskey } from "../entry/passkey";
import { Button, Failed, Sheet } from "./parts";
import { useLoaded } from "./loaded";
import { useWriting } from "./writing";

type Attempt = Shapes["AttemptOut"];
const NEEDED = "presence_needed";
const loadPasskeys = () => ask(api.GET("/v1/me/passkeys"));

export interface Present {
  readonly busy: boolean;
  readonly error: unknown;
  /** Do something; where that needs a proof, ask for it first. */
  readonly run: (work: () => Promise<unknown>) => void;
  /** To be drawn somewhere: the sheet, while it is asked. */
  readonly sheet: ReactNode;
}

export function usePresent(): Present {
  const writing = useWriting();
  const [waiting, setWaiting] = useState<(() => Promise<unknown>) | null>(null);
  const run = (work: () => Promise<unknown>) =>
    void writing.run(async () => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== NEEDED) throw error;
        setWaiting(() => work);
      }
    });
  const sheet = waiting !== null && (
    <Proof
      onClose={() => setWaiting(null)}
      done={() => {
        setWaiting(null);
        run(waiting);
      }}
    />
  );
  return { busy: writing.busy || waiting !== null, error: writing.error, run, sheet };
}

function Proof({ onClose, done }: { onClose: () => void; done: () => void }) {
  const passkeys = useLoaded("passkeys", loadPasskeys);
  const [attempt, setAttempt] = useState<Attempt | null>(null);
  const [code, setCode] = useState("");
  const writing = useWriting();
  const send = () => void writing.run(async () => setAttempt(await ask(api.POST("/v1/me/step-up/code"))));
  const byPasskey = () =>
    void writing.run(async () => {
      await proveByPasskey();
      done();
    });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (attempt === null) return;
    void writing.run(async () => {
      await ask(api.POST("/v1/me/step-up/try", { body: { attempt: attempt.attempt, code: code.replace(/\D/g, "") } }));
      done();
    });
  };
  return (
    <Sheet title={t("member.proof")} onClose={onClose}>
      <p>{t("member.proof.about")}</p>
      {attempt === null ? (
        <div className="form">
          {canUsePasskeys() && (passkeys.data?.passkeys.length ?? 0) > 0 && (
            <Button kind="main" onClick={byPasskey} busy={writing.busy}>
              {t("member.proof.passkey")}
            </Button>
          )}
          <Button kind="main" onClick={send} busy={writing.busy}>
            {t("member.proof.send")}
          </Button>
        </div>
      ) : (
        <form onSubmit={submit} className="form">
          <p>{attempt.code ? t("member.entry.shown", { code: attempt.code }) : t("member.proof.sent")}</p>
          <label>
            {t("member.entry.code")}
            <input value={code} onChange={(event) => setCode(event.target.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={8} required autoFocus className="digits" />
          </label>
          <Button kind="main" type="submit" busy={writing.busy}>
            {t("member.proof.go")}
          </Button>
        </form>
      )}
      {writing.error !== undefined && <Failed error={writing.error} />}
    </Sheet>
  );
}
