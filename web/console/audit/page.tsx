import { FileSearchOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "audit",
  title: "audit.title",
  scope: "audit:read",
  menu: { order: 90, icon: <FileSearchOutlined aria-hidden />, group: "system" },
  load: () => import("./audit"),
};
