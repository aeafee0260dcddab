import { ImportOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  { path: "imports", title: "imports.title", scope: "members:import", menu: { order: 15, icon: <ImportOutlined aria-hidden />, group: "members" }, load: () => import("./imports") },
  { path: "imports/:task", title: "imports.one", scope: "members:import", load: () => import("./one") },
];
