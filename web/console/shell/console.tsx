/** The console as a whole: theme, language, who is signed in, the menu, and the pages. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App, ConfigProvider, Result, Spin, theme } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";
import { Problem } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Frame } from "./frame";
import { nameLists } from "./lists";
import { pages, type Page } from "./pages";
import { Signed, useMay } from "./session";
import { SignInAgain, SignInPage } from "./sign-in";
import { useDark } from "./switches";
import { Proven } from "./write";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused is refused again; what could not be reached is tried a little.
      retry: (failures, error) => error instanceof Problem && (error.status === 0 || error.status >= 500) && failures < 2,
      refetchOnWindowFocus: false,
      staleTime: 10_000,
    },
    mutations: { retry: false },
  },
});

const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

function route(page: Page) {
  const Body = lazy(page.load);
  function Shown() {
    useLanguage();
    if (!useMay(page.scope)) return <Result status="403" title={t("console.forbidden")} subTitle={t("console.forbidden.about")} />;
    return (
      <Suspense fallback={<Spin size="large" style={{ display: "block", margin: "20vh auto" }} />}>
        <Body />
      </Suspense>
    );
  }
  return { path: page.path, Component: Shown };
}

function Unknown() {
  return <Result status="404" title={t("console.unknown")} />;
}

const router = createBrowserRouter([{ path: "/", Component: Frame, children: [...pages.map(route), { path: "*", Component: Unknown }] }], {
  basename: "/console",
});

export function Console() {
  const language = useLanguage();
  const isDark = useDark();
  useEffect(nameLists, []);
  dayjs.locale(language === "en" ? "en" : "zh-cn");
  const look = useMemo(
    () => ({
      algorithm: isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
      // The whole menu is to be seen at once on a laptop.
      components: { Menu: { itemHeight: 34, itemMarginBlock: 2, groupTitleFontSize: 12, groupTitleLineHeight: 1.2, ...(isDark ? { itemSelectedColor: "#ffc9bb", itemSelectedBg: "#3a211b" } : {}) } },
      token: {
        colorPrimary: isDark ? "#ff8f75" : "#b4361e",
        // Ant Design's own would be lighter, and words on it too faint.
        colorPrimaryHover: isDark ? "#ffa48f" : "#9c2d18",
        colorInfo: isDark ? "#ff8f75" : "#b4361e",
        colorLink: isDark ? "#ff9d86" : "#a32f19",
        // Second-rank text of the default theme is too faint for WCAG AA.
        colorTextSecondary: isDark ? "#c3bab1" : "#57504a",
        colorTextTertiary: isDark ? "#b3aaa1" : "#6a625b",
        colorTextDescription: isDark ? "#b3aaa1" : "#6a625b",
        colorTextPlaceholder: isDark ? "#9c938a" : "#757069",
        colorError: isDark ? "#ff8a80" : "#b3261e",
        // On a light colour of the dark theme, words are dark.
        ...(isDark ? { colorTextLightSolid: "#2b0f08" } : {}),
        colorBgLayout: isDark ? "#15120f" : "#f7f5f2",
        colorBorderSecondary: isDark ? "#3a342e" : "#e4dfd8",
        ...(isDark ? { colorBgContainer: "#211d19", colorBgElevated: "#2a2520" } : {}),
        // Where nothing moves, nothing waits for the end of a movement either.
        motion: !STILL.matches,
        borderRadius: 8,
        fontFamily: 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
      },
    }),
    [isDark],
  );
  return (
    <ConfigProvider locale={language === "en" ? en : zh} theme={look}>
      <App>
        <QueryClientProvider client={queries}>
          <Signed
            entry={(again, done) => (again === null ? <SignInPage done={done} /> : <SignInAgain email={again.account.email} done={done} />)}
          >
            <Proven>
              <RouterProvider router={router} />
            </Proven>
          </Signed>
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}
