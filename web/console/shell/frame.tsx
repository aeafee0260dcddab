/** What is around every page: the menu by groups, who is here, and a way out. */
import { LogoutOutlined, MenuOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Flex, Grid, Layout, Menu, Typography } from "antd";
import { useEffect, useState } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { api, ask } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { GROUPS, pages } from "./pages";
import { useMe } from "./session";
import { LanguageSwitch, LightSwitch } from "./switches";

function Pages({ onGo }: { onGo?: () => void }) {
  useLanguage();
  const { scopes } = useMe();
  const go = useNavigate();
  const at = useLocation().pathname.split("/")[1] ?? "";
  const shown = pages.filter((each) => each.menu && (each.scope === null || scopes.includes(each.scope)));
  const items = GROUPS.map((group) => ({
    key: group,
    type: "group" as const,
    label: t(`console.group.${group}`),
    children: shown
      .filter((each) => each.menu?.group === group)
      .sort((one, other) => (one.menu?.order ?? 0) - (other.menu?.order ?? 0))
      .map((each) => ({ key: each.path, icon: each.menu?.icon, label: t(each.title) })),
  })).filter((group) => group.children.length > 0);
  return (
    <Menu
      mode="inline"
      items={items}
      selectedKeys={[at]}
      style={{ border: 0 }}
      onClick={({ key }) => {
        void go(`/${key}`);
        onGo?.();
      }}
    />
  );
}

export function Frame() {
  useLanguage();
  const { account } = useMe();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const wide = Grid.useBreakpoint().lg ?? window.innerWidth >= 992;
  const { pathname } = useLocation();
  useEffect(() => {
    const page = pages.find((each) => each.path.split("/")[0] === (pathname.split("/")[1] ?? ""));
    document.title = page ? `${t(page.title)} · ${t("console.name")}` : t("console.name");
  });
  const leave = async () => {
    await ask(api.DELETE("/v1/session"));
    queries.clear();
    window.location.assign("/console/");
  };
  return (
    <Layout style={{ minHeight: "100dvh" }}>
      <a href="#content" className="unseen">
        {t("console.skip")}
      </a>
      {wide && (
        <Layout.Sider width={220} theme="light">
          <div style={{ maxHeight: "100dvh", overflow: "auto", position: "sticky", top: 0 }}>
            <Typography.Text strong style={{ display: "block", fontSize: 18, padding: "16px 24px" }}>
              {t("console.name")}
            </Typography.Text>
            <nav aria-label={t("console.menu")}>
              <Pages />
            </nav>
          </div>
        </Layout.Sider>
      )}
      <Layout>
        <Flex component="header" justify="space-between" align="center" style={{ padding: "8px 16px" }} gap={8}>
          {wide ? <span /> : <Button type="text" icon={<MenuOutlined aria-hidden />} aria-label={t("console.menu")} onClick={() => setOpen(true)} />}
          <Flex align="center" wrap justify="end">
            <LanguageSwitch />
            <LightSwitch />
            <Typography.Text ellipsis style={{ maxWidth: 160 }}>
              {account.name}
            </Typography.Text>
            <Button type="text" icon={<LogoutOutlined aria-hidden />} aria-label={t("console.leave")} onClick={() => void leave()} />
          </Flex>
        </Flex>
        <Layout.Content id="content" role="main" style={{ margin: wide ? "8px 24px 24px" : "8px 12px 24px", minWidth: 0 }}>
          <Outlet />
        </Layout.Content>
      </Layout>
      <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={260} title={t("console.name")}>
        <Pages onGo={() => setOpen(false)} />
      </Drawer>
    </Layout>
  );
}
