import { TagsOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "coupons",
  title: "coupons.title",
  scope: "coupons:read",
  menu: { order: 2, icon: <TagsOutlined aria-hidden />, group: "programme" },
  load: () => import("./coupons"),
};
