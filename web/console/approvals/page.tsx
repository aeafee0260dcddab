import { AuditOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "approvals",
  title: "approvals.title",
  scope: "approvals:read",
  menu: { order: 1, icon: <AuditOutlined aria-hidden />, group: "overview" },
  load: () => import("./approvals"),
};
