import { LineChartOutlined } from "@ant-design/icons";
import type { Page } from "../shell/pages";

export const pages: readonly Page[] = [
  {
    path: "simulations",
    title: "simulate.title",
    scope: "program:read",
    menu: { order: 3, icon: <LineChartOutlined aria-hidden />, group: "programme" },
    load: () => import("./simulations"),
  },
  { path: "simulations/:task", title: "simulate.title", scope: "program:read", load: () => import("./simulation") },
  { path: "programme/try", title: "simulate.try", scope: "activities:preview", load: () => import("./try") },
];
