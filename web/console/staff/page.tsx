import { IdcardOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "staff",
  title: "staff.title",
  scope: "staff:read",
  menu: { order: 80, icon: <IdcardOutlined aria-hidden />, group: "system" },
  load: () => import("./staff"),
};
