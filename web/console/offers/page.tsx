import type { Page } from "../shell/pages";

export const page: Page = {
  path: "programme/sketches/:sketch",
  title: "offers.title",
  scope: "program:read",
  load: () => import("./editor"),
};
