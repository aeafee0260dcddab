import { ApiOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  { path: "webhooks", title: "webhooks.title", scope: "webhooks:read", menu: { order: 82, icon: <ApiOutlined aria-hidden />, group: "system" }, load: () => import("./webhooks") },
  { path: "webhooks/:webhook", title: "webhooks.one", scope: "webhooks:read", load: () => import("./one") },
];
