import { HomeOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "",
  title: "home.title",
  scope: null,
  menu: { order: 0, icon: <HomeOutlined aria-hidden />, group: "overview" },
  load: () => import("./home"),
};
