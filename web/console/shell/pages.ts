/** The console's pages, found by name: a folder with a `page.tsx`, and nowhere a list of them. */
import type { ComponentType, ReactNode } from "react";

/** What a page's file gives as `page`. */
export interface Page {
  /** Below /console: "members" or "members/:member". */
  readonly path: string;
  /** The key of its title. */
  readonly title: string;
  /** Who does not have this scope neither sees nor opens it; null for everybody. */
  readonly scope: string | null;
  /** Where it stands in the menu; pages without are reached from others. */
  readonly menu?: { readonly order: number; readonly icon: ReactNode; readonly group: Group };
  readonly load: () => Promise<{ default: ComponentType }>;
}

export type Group = "overview" | "members" | "programme" | "shops" | "system";
export const GROUPS: readonly Group[] = ["overview", "members", "programme", "shops", "system"];

const found = import.meta.glob<{ page?: Page; pages?: readonly Page[] }>("../*/page.tsx", { eager: true });
export const pages: readonly Page[] = Object.values(found).flatMap(({ page, pages }) => pages ?? (page ? [page] : []));
