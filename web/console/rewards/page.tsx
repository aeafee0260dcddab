import { GiftOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "rewards",
  title: "rewards.title",
  scope: "program:read",
  menu: { order: 1, icon: <GiftOutlined aria-hidden />, group: "programme" },
  load: () => import("./rewards"),
};
