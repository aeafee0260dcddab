import { ShoppingOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  {
    path: "programme",
    title: "programme.title",
    scope: "program:read",
    menu: { order: 0, icon: <ShoppingOutlined aria-hidden />, group: "programme" },
    load: () => import("./home"),
  },
  { path: "programme/versions/:version", title: "programme.version", scope: "program:read", load: () => import("./version") },
];
