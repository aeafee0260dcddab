import { KeyOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "keys",
  title: "keys.title",
  scope: "keys:read",
  menu: { order: 81, icon: <KeyOutlined aria-hidden />, group: "system" },
  load: () => import("./keys"),
};
