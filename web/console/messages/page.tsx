import { MailOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "messages",
  title: "messages.title",
  scope: "messages:read",
  menu: { order: 14, icon: <MailOutlined aria-hidden />, group: "members" },
  load: () => import("./messages"),
};
