/** Signing in: address and password, then six digits of the app or a code of the paper. */
import { Alert, Button, Card, Flex, Form, Input, Modal, Typography } from "antd";
import { useState } from "react";
import { api, ask } from "../../client";
import { explain } from "../../kit/problems";
import { t, useLanguage } from "../../kit/words";
import { LanguageSwitch } from "./switches";

interface Told {
  readonly email?: string;
  readonly password?: string;
  readonly code?: string;
  readonly recovery?: string;
}

/** The form. `email` is who was signed in until now, if anybody was. */
export function SignInForm({ email, done }: { email?: string | undefined; done: () => void }) {
  useLanguage();
  const [pending, setPending] = useState<string | null>(null);
  const [onPaper, setOnPaper] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(told: Told) {
    setBusy(true);
    setFault(null);
    try {
      if (pending === null) {
        const answer = await ask(api.POST("/v1/session", { body: { email: told.email ?? "", password: told.password ?? "" } }));
        setPending(answer.pending);
      } else {
        const code = onPaper ? { recovery: told.recovery ?? "" } : { code: (told.code ?? "").replace(/\s/g, "") };
        await ask(api.POST("/v1/session/second", { body: { pending, cookie: true, ...code } }));
        done();
      }
    } catch (error) {
      setFault(explain(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form<Told> layout="vertical" requiredMark={false} initialValues={{ email }} onFinish={(told) => void submit(told)}>
      {fault !== null && <Alert type="error" showIcon title={fault} style={{ marginBottom: 16 }} role="alert" />}
      {pending === null ? (
        <>
          <Form.Item name="email" label={t("signin.email")} rules={[{ required: true, message: t("signin.email.missing") }]}>
            <Input type="email" autoComplete="username" autoFocus size="large" />
          </Form.Item>
          <Form.Item name="password" label={t("signin.password")} rules={[{ required: true, message: t("signin.password.missing") }]}>
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
        </>
      ) : onPaper ? (
        <Form.Item name="recovery" label={t("signin.recovery")} rules={[{ required: true, message: t("signin.code.missing") }]}>
          <Input autoFocus size="large" autoComplete="off" />
        </Form.Item>
      ) : (
        <Form.Item name="code" label={t("signin.code")} extra={t("signin.code.about")} rules={[{ required: true, message: t("signin.code.missing") }]}>
          <Input inputMode="numeric" autoComplete="one-time-code" autoFocus size="large" maxLength={8} />
        </Form.Item>
      )}
      <Flex vertical gap={8}>
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t(pending === null ? "signin.next" : "signin.go")}
        </Button>
        {pending !== null && (
          <Button type="link" onClick={() => setOnPaper(!onPaper)}>
            {t(onPaper ? "signin.by.app" : "signin.by.paper")}
          </Button>
        )}
      </Flex>
    </Form>
  );
}

/** The page for who is not signed in. */
export function SignInPage({ done }: { done: () => void }) {
  useLanguage();
  return (
    <Flex component="main" align="center" justify="center" style={{ minHeight: "100dvh", padding: 16 }}>
      <Card style={{ maxWidth: 400, width: "100%" }}>
        <Flex justify="space-between" align="start">
          <Typography.Title level={1} style={{ fontSize: 24, marginTop: 0 }}>
            {t("console.name")}
          </Typography.Title>
          <LanguageSwitch />
        </Flex>
        <Typography.Paragraph type="secondary">{t("signin.about")}</Typography.Paragraph>
        <SignInForm done={done} />
      </Card>
    </Flex>
  );
}

/** Over a page whose session has ended: what was typed into it stays. */
export function SignInAgain({ email, done }: { email: string; done: () => void }) {
  useLanguage();
  return (
    <Modal open title={t("signin.again")} footer={null} closable={false} mask={{ closable: false }} keyboard={false}>
      <Typography.Paragraph>{t("signin.again.about")}</Typography.Paragraph>
      <SignInForm email={email} done={done} />
    </Modal>
  );
}
