import { ReconciliationOutlined, ShopOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  { path: "stores", title: "stores.title", scope: "estate:read", menu: { order: 30, icon: <ShopOutlined aria-hidden />, group: "shops" }, load: () => import("./stores") },
  {
    path: "reconciliation",
    title: "stores.differences",
    scope: "reconciliation:read",
    menu: { order: 31, icon: <ReconciliationOutlined aria-hidden />, group: "shops" },
    load: () => import("./days"),
  },
];
