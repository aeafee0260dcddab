import { SafetyOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "privacy",
  title: "privacy.title",
  scope: "privacy:read",
  menu: { order: 85, icon: <SafetyOutlined aria-hidden />, group: "system" },
  load: () => import("./privacy"),
};
