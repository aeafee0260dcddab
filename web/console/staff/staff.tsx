/** People who work here: invited, with roles, and let go. */
import { Alert, Button, Flex, Form, Input, Modal, Select, Typography } from "antd";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { ago, dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { usePages } from "../shell/asked";
import { Head } from "../shell/head";
import { Mark, type Tone } from "../shell/mark";
import { Listing } from "../shell/rows";
import { useMay, useMe } from "../shell/session";
import { chosen, Dialog, needed, useWrite } from "../shell/write";

type Account = Shapes["Account"];
type Role = Account["roles"][number];
const ROLES: readonly Role[] = ["owner", "marketer", "analyst", "service_desk", "store", "auditor", "developer"];
const TONES: Record<Account["state"], Tone> = { active: "good", invited: "warn", disabled: "plain" };

export default function Staff() {
  useLanguage();
  const mayWrite = useMay("staff:write");
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Account | null>(null);
  const [made, setMade] = useState<Shapes["InvitationOut"] | null>(null);
  const list = usePages(["staff", "list"], async (cursor) => {
    const page = await ask(api.GET("/v1/staff", { params: { query: { limit: 100, ...(cursor && { cursor }) } } }));
    return { rows: page.accounts, next: page.next };
  });
  return (
    <>
      <Head title={t("staff.title")} about={t("staff.about")}>
        {mayWrite && (
          <Button type="primary" onClick={() => setInviting(true)}>
            {t("staff.invite")}
          </Button>
        )}
      </Head>
      <Listing
        list={list}
        label={t("staff.title")}
        idOf={(row) => row.id}
        empty={t("staff.none")}
        columns={[
          { key: "name", title: t("staff.name"), show: (row) => <bdi>{row.name}</bdi> },
          { key: "email", title: t("staff.email"), show: (row) => <bdi>{row.email}</bdi> },
          { key: "roles", title: t("staff.roles"), show: (row) => row.roles.map((each) => t(`staff.role.${each}`)).join(" · ") },
          { key: "store", title: t("staff.store"), show: (row) => <bdi>{row.store}</bdi> },
          { key: "state", title: t("staff.state"), show: (row) => <Standing account={row} /> },
          { key: "seen", title: t("staff.seen"), show: (row) => (row.signed_in_at === null ? "" : ago(row.signed_in_at)) },
          {
            key: "do",
            title: "",
            show: (row) =>
              mayWrite && (
                <Button size="small" onClick={() => setChanging(row)}>
                  {t("staff.change")}
                </Button>
              ),
          },
        ]}
      />
      {inviting && <Invite close={() => setInviting(false)} done={setMade} />}
      {changing !== null && <Change account={changing} close={() => setChanging(null)} done={setMade} />}
      <Modal open={made !== null} title={t("staff.invited")} onCancel={() => setMade(null)} footer={<Button type="primary" onClick={() => setMade(null)}>{t("console.understood")}</Button>}>
        {made !== null && (
          <>
            <p>{t("staff.invited.about", { email: made.account.email, until: dateTime(made.ends_at) })}</p>
            <Typography.Paragraph copyable className="code">
              {made.link}
            </Typography.Paragraph>
          </>
        )}
      </Modal>
    </>
  );
}

function Standing({ account }: { account: Account }) {
  const isLocked = account.locked_until !== null && new Date(account.locked_until) > new Date();
  return isLocked ? <Mark tone="bad">{t("staff.locked")}</Mark> : <Mark tone={TONES[account.state]}>{t(`staff.state.${account.state}`)}</Mark>;
}

function Roles() {
  return (
    <>
      <Form.Item name="roles" label={t("staff.roles")} rules={[chosen()]}>
        <Select mode="multiple" options={ROLES.map((each) => ({ value: each, label: t(`staff.role.${each}`) }))} />
      </Form.Item>
      <Form.Item name="store" label={t("staff.store")} extra={t("staff.store.about")}>
        <Input maxLength={64} allowClear />
      </Form.Item>
    </>
  );
}

function Invite({ close, done }: { close: () => void; done: (made: Shapes["InvitationOut"]) => void }) {
  interface Told {
    readonly email: string;
    readonly name?: string;
    readonly roles: Role[];
    readonly store?: string;
  }
  const write = useWrite(
    ({ store, ...told }: Told) => ask(api.POST("/v1/staff", { body: { ...told, store: store?.trim() ? store.trim() : null } })),
    {
      touches: [["staff"]],
      said: t("staff.invited"),
      done: (made) => {
        close();
        done(made);
      },
    },
  );
  return (
    <Dialog<Told> open title={t("staff.invite")} close={close} write={write} go={t("staff.invite.go")}>
      <Form.Item name="email" label={t("staff.email")} rules={[needed(), { type: "email", message: t("staff.email.wrong") }]}>
        <Input type="email" maxLength={254} />
      </Form.Item>
      <Form.Item name="name" label={t("staff.name")}>
        <Input maxLength={100} />
      </Form.Item>
      <Roles />
    </Dialog>
  );
}

function Change({ account, close, done }: { account: Account; close: () => void; done: (made: Shapes["InvitationOut"]) => void }) {
  const { account: me } = useMe();
  const params = { path: { account: account.id } };
  const touches = [["staff"]];
  const roles = useWrite(
    ({ roles: given, store }: { roles: Role[]; store?: string | null }) => ask(api.PUT("/v1/staff/{account}/roles", { params, body: { roles: given, store: store?.trim() ? store.trim() : null } })),
    { touches, said: t("staff.saved"), done: close },
  );
  const disable = useWrite(() => ask(api.POST("/v1/staff/{account}/disable", { params })), { touches, said: t("staff.disabled"), done: close });
  const enable = useWrite(() => ask(api.POST("/v1/staff/{account}/enable", { params })), { touches, said: t("staff.saved"), done: close });
  const unlock = useWrite(() => ask(api.POST("/v1/staff/{account}/unlock", { params })), { touches, said: t("staff.saved"), done: close });
  const again = useWrite(() => ask(api.POST("/v1/staff/{account}/invite", { params })), {
    touches,
    said: t("staff.invited"),
    done: (made) => {
      close();
      done(made);
    },
  });
  const write = { ...roles, error: roles.error ?? disable.error ?? enable.error ?? unlock.error ?? again.error };
  return (
    <Dialog<{ roles: Role[]; store?: string | null }> open title={account.name || account.email} close={close} write={write} go={t("staff.save")} initialValues={{ roles: account.roles, store: account.store }}>
      {account.id === me.id && <Alert type="info" showIcon style={{ marginBottom: 16 }} title={t("staff.yourself")} />}
      <Roles />
      <Flex gap={8} wrap style={{ marginBottom: 24 }}>
        {account.state !== "disabled" && (
          <Button danger loading={disable.isBusy} onClick={() => disable.run(undefined)}>
            {t("staff.disable")}
          </Button>
        )}
        {account.state === "disabled" && (
          <Button loading={enable.isBusy} onClick={() => enable.run(undefined)}>
            {t("staff.enable")}
          </Button>
        )}
        {account.locked_until !== null && (
          <Button loading={unlock.isBusy} onClick={() => unlock.run(undefined)}>
            {t("staff.unlock")}
          </Button>
        )}
        <Button loading={again.isBusy} onClick={() => again.run(undefined)}>
          {t("staff.again")}
        </Button>
      </Flex>
    </Dialog>
  );
}
