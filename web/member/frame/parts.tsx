/** The small parts that every screen is made of. */
import { useEffect, useId, useRef, type ButtonHTMLAttributes, type ReactNode } from "react";
import { Link } from "wouter";
import { OFFLINE, Problem } from "../../client";
import { dateTime } from "../../kit/format";
import { explain } from "../../kit/problems";
import { t } from "../../kit/words";
import { refresh, type Loaded } from "./loaded";

/** A screen with its heading; `back` is where it was opened from. */
export function Screen({ title, back, children }: { title: string; back?: string; children: ReactNode }) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div className="screen">
      <header className="head">
        {back !== undefined && (
          <Link href={back} className="back" aria-label={t("member.back")}>
            ‹
          </Link>
        )}
        <h1>{title}</h1>
      </header>
      {children}
    </div>
  );
}

/** What came, or that it is on its way, or why it did not and a way to try again. */
export function Told<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ReactNode }) {
  if (of.data === undefined)
    return of.error === undefined ? <p className="skeleton" role="status" aria-label={t("member.loading")} /> : <Failed error={of.error} again={refresh} />;
  return (
    <>
      {of.error !== undefined && <Late error={of.error} at={of.at} />}
      {children(of.data)}
    </>
  );
}

function Late({ error, at }: { error: unknown; at: number }) {
  const offline = error instanceof Problem && error.code === OFFLINE;
  return (
    <p className="note" role="status">
      {offline ? t("member.kept", { at: dateTime(new Date(at)) }) : explain(error)}{" "}
      <button className="link" onClick={() => refresh()}>
        {t("member.again")}
      </button>
    </p>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div className="failed" role="alert">
      <p>{explain(error)}</p>
      {again !== undefined && <Button onClick={() => again()}>{t("member.again")}</Button>}
    </div>
  );
}

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>;

type ButtonAsked = ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean; kind?: "main" | "plain" | "danger" };
export function Button({ busy = false, kind = "plain", disabled, children, ...rest }: ButtonAsked) {
  return (
    <button type="button" {...rest} className={`button ${kind}`} disabled={busy || disabled === true} aria-busy={busy}>
      {children}
    </button>
  );
}

/** A section with its own heading. */
export function Block({ title, more, children }: { title?: string; more?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="block" aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="blockhead">
          <h2 id={id}>{title}</h2>
          {more}
        </div>
      )}
      {children}
    </section>
  );
}

/** A sheet over the screen. It closes by Escape, and gives the focus back. */
export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const sheet = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = sheet.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={sheet} className="sheet" aria-labelledby={id} onCancel={onClose}>
      <div className="sheethead">
        <h2 id={id}>{title}</h2>
        <button className="close" onClick={onClose} aria-label={t("member.close")}>
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}
