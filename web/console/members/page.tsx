import { TeamOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  {
    path: "members",
    title: "members.title",
    scope: "members:read",
    menu: { order: 10, icon: <TeamOutlined aria-hidden />, group: "members" },
    load: () => import("./list"),
  },
  { path: "members/:member", title: "members.one", scope: "members:read", load: () => import("./one") },
];
