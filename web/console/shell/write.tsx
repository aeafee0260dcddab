/** Writing: once at a time, with a fresh proof of who is there where one is asked for, and nothing typed is lost. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Flex, Form, Input, Modal, type FormProps } from "antd";
import { createContext, use, useRef, useState, type ReactNode } from "react";
import { api, ask, Problem } from "../../client";
import { explain } from "../../kit/problems";
import { t, useLanguage } from "../../kit/words";

type Prove = () => Promise<void>;
const Proof = createContext<Prove>(() => Promise.reject(new Problem("step_up_needed", 403, "")));

/** Gives everything below a way to prove once more who is there: six digits, asked for over the page. */
export function Proven({ children }: { children: ReactNode }) {
  useLanguage();
  const waiting = useRef<{ done: () => void; left: (error: Error) => void } | null>(null);
  const [open, setOpen] = useState(false);
  const prove = () =>
    new Promise<void>((done, left) => {
      waiting.current = { done, left };
      setOpen(true);
    });
  const end = (isProven: boolean) => {
    setOpen(false);
    if (isProven) waiting.current?.done();
    else waiting.current?.left(new Problem("step_up_needed", 403, ""));
  };
  return (
    <Proof value={prove}>
      {children}
      <Modal open={open} title={t("console.proof")} footer={null} onCancel={() => end(false)} destroyOnHidden zIndex={1200}>
        <ProofForm done={() => end(true)} />
      </Modal>
    </Proof>
  );
}

function ProofForm({ done }: { done: () => void }) {
  const { mutate, isPending, error } = useMutation({
    mutationFn: ({ code }: { code: string }) => ask(api.POST("/v1/session/step-up", { body: { code: code.replace(/\s/g, "") } })),
    onSuccess: done,
  });
  return (
    <Form<{ code: string }> layout="vertical" requiredMark={false} onFinish={(told) => mutate(told)}>
      {error !== null && <Fault error={error} />}
      <Form.Item name="code" label={t("signin.code")} extra={t("console.proof.about")} rules={[{ required: true, message: t("signin.code.missing") }]}>
        <Input inputMode="numeric" autoComplete="one-time-code" autoFocus maxLength={8} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={isPending}>
        {t("console.proof.go")}
      </Button>
    </Form>
  );
}

/** What went wrong with a write, where it happened. */
export function Fault({ error }: { error: unknown }) {
  const faults = error instanceof Problem ? error.errors : [];
  const isOver = error instanceof Problem && error.status === 401;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      style={{ marginBottom: 16 }}
      title={isOver ? t("console.ended") : explain(error)}
      description={
        faults.length > 0 ? (
          <ul style={{ margin: 0, paddingInlineStart: 18 }}>
            {faults.map((each) => (
              <li key={each.path + each.message}>
                <bdi className="code">{each.path}</bdi> <bdi>{each.message}</bdi>
              </li>
            ))}
          </ul>
        ) : undefined
      }
    />
  );
}

export interface Write<I> {
  readonly run: (told: I) => void;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly reset: () => void;
}

/**
 * A write. `said` is told when it was done; what the keys of `touches` begin with is read anew. Where the answer is
 * that somebody else must agree (`waits`), that is said instead.
 */
export function useWrite<I, O>(
  send: (told: I) => Promise<O>,
  { touches, said, done, waits }: { touches: readonly (readonly unknown[])[]; said: string; done?: (answer: O) => void; waits?: (answer: O) => boolean },
): Write<I> {
  const queries = useQueryClient();
  const { message, modal } = App.useApp();
  const prove = use(Proof);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: async (told: I) => {
      try {
        return await send(told);
      } catch (error) {
        if (!(error instanceof Problem && error.code === "step_up_needed")) throw error;
        await prove();
        return send(told);
      }
    },
    onSuccess: (answer) => {
      if (waits?.(answer)) modal.info({ title: t("console.waits"), content: t("console.waits.about"), okText: t("console.understood") });
      else void message.success(said);
      for (const key of touches) void queries.invalidateQueries({ queryKey: [...key] });
      void queries.invalidateQueries({ queryKey: ["approvals"] });
      done?.(answer);
    },
  });
  return { run: mutate, isBusy: isPending, error, reset };
}

/** A form over the page. It closes only when what it is for was done, or by its own button: what was typed stays. */
export function Dialog<T extends object>({
  title,
  about,
  open,
  close,
  write,
  go,
  danger,
  initialValues,
  children,
}: {
  title: string;
  about?: ReactNode;
  open: boolean;
  close: () => void;
  write: Write<T>;
  go: string;
  danger?: boolean;
  initialValues?: FormProps<T>["initialValues"];
  children?: ReactNode;
}) {
  const leave = () => {
    write.reset();
    close();
  };
  return (
    <Modal open={open} title={title} footer={null} onCancel={leave} mask={{ closable: false }} destroyOnHidden>
      {about !== undefined && <div style={{ marginBottom: 16 }}>{about}</div>}
      <Form<T> layout="vertical" requiredMark={false} {...(initialValues === undefined ? {} : { initialValues })} onFinish={(told) => write.run(told)}>
        {write.error !== null && <Fault error={write.error} />}
        {children}
        <Flex gap={8} justify="end" wrap>
          <Button onClick={leave}>{t("console.cancel")}</Button>
          <Button type="primary" htmlType="submit" loading={write.isBusy} danger={danger ?? false}>
            {go}
          </Button>
        </Flex>
      </Form>
    </Modal>
  );
}

/** What must be filled in. */
export const needed = () => ({ required: true, whitespace: true, message: t("console.needed") });
/** What must be chosen. */
export const chosen = () => ({ required: true, message: t("console.needed") });
