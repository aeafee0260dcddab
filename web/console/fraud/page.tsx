import { AlertOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "fraud",
  title: "fraud.title",
  scope: "fraud:read",
  menu: { order: 12, icon: <AlertOutlined aria-hidden />, group: "members" },
  load: () => import("./fraud"),
};
