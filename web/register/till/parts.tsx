/** Small parts of the register. */
import { useId, type ButtonHTMLAttributes, type ReactNode } from "react";
import { explain } from "../../kit/problems";
import { speak, t, useLanguage } from "../../kit/words";

type ButtonAsked = ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean; kind?: "main" | "plain" | "small" };
export function Button({ busy = false, kind = "plain", disabled, children, ...rest }: ButtonAsked) {
  return (
    <button type="button" {...rest} className={`button ${kind}`} disabled={busy || disabled === true} aria-busy={busy}>
      {children}
    </button>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div className="failed" role="alert">
      <p>{explain(error)}</p>
      {again !== undefined && <Button onClick={() => again()}>{t("register.retry")}</Button>}
    </div>
  );
}

export function Block({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="block" aria-labelledby={id}>
      <div className="top">
        <h2 id={id}>{title}</h2>
        {more}
      </div>
      {children}
    </section>
  );
}

export function LanguageSwitch() {
  const now = useLanguage();
  return (
    <Button kind="small" lang={now === "en" ? "zh-CN" : "en"} onClick={() => void speak(now === "en" ? "zh-CN" : "en", true)}>
      {t("kit.language")}
    </Button>
  );
}
