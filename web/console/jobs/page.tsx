import { ClockCircleOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const page: Page = {
  path: "tasks",
  title: "jobs.title",
  scope: "tasks:read",
  menu: { order: 70, icon: <ClockCircleOutlined aria-hidden />, group: "system" },
  load: () => import("./tasks"),
};
