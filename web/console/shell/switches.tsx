/** Language and light. */
import { BulbOutlined, GlobalOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useSyncExternalStore } from "react";
import { speak, t, useLanguage } from "../../kit/words";

export function LanguageSwitch() {
  const now = useLanguage();
  return (
    <Button type="text" icon={<GlobalOutlined aria-hidden />} onClick={() => void speak(now === "en" ? "zh-CN" : "en", true)} lang={now === "en" ? "zh-CN" : "en"}>
      {t("kit.language")}
    </Button>
  );
}

const KEPT = "regulars.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
const kept = localStorage.getItem(KEPT);
if (kept !== null) document.documentElement.dataset["theme"] = kept;
dark.addEventListener("change", () => {
  for (const tell of listeners) tell();
});

const isDark = (): boolean => {
  const theme = document.documentElement.dataset["theme"];
  return theme === undefined ? dark.matches : theme === "dark";
};

export function useDark(): boolean {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, isDark);
}

export function LightSwitch() {
  const now = useDark();
  const turn = () => {
    const theme = now ? "light" : "dark";
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(KEPT, theme);
    for (const tell of listeners) tell();
  };
  return <Button type="text" icon={<BulbOutlined aria-hidden />} onClick={turn} aria-label={t(now ? "console.light" : "console.dark")} />;
}
