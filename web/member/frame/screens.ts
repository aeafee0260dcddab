/** The screens, each fetched when it is first opened, and all of them ahead for where there is no network. */
import { lazy, type ComponentType } from "react";

type Fetch = () => Promise<{ default: ComponentType }>;
const fetches = {
  entry: () => import("../entry/entry"),
  again: () => import("../entry/again"),
  card: () => import("../card/home"),
  endings: () => import("../card/endings"),
  offers: () => import("../offers/offers"),
  rewards: () => import("../rewards/rewards"),
  coupons: () => import("../rewards/coupons"),
  vouchers: () => import("../rewards/vouchers"),
  activity: () => import("../activity/activity"),
  receipt: () => import("../activity/receipt"),
  mine: () => import("../mine/mine"),
  inbox: () => import("../mine/inbox"),
  give: () => import("../friends/give"),
  invite: () => import("../friends/invite"),
  contact: () => import("../mine/contact"),
  household: () => import("../mine/household"),
  privacy: () => import("../mine/privacy"),
  security: () => import("../mine/security"),
} satisfies Record<string, Fetch>;

export const Entry = lazy(fetches.entry);
export const Again = lazy(fetches.again);
export const Home = lazy(fetches.card);
export const routes: readonly (readonly [string, ComponentType])[] = [
  ["/", Home],
  ["/points", lazy(fetches.endings)],
  ["/offers", lazy(fetches.offers)],
  ["/rewards", lazy(fetches.rewards)],
  ["/coupons", lazy(fetches.coupons)],
  ["/vouchers", lazy(fetches.vouchers)],
  ["/activity", lazy(fetches.activity)],
  ["/activity/:activity", lazy(fetches.receipt)],
  ["/mine", lazy(fetches.mine)],
  ["/inbox", lazy(fetches.inbox)],
  ["/give", lazy(fetches.give)],
  ["/invite", lazy(fetches.invite)],
  ["/contact", lazy(fetches.contact)],
  ["/household", lazy(fetches.household)],
  ["/privacy", lazy(fetches.privacy)],
  ["/security", lazy(fetches.security)],
];

/** Fetch them all, one after the other. Where the network goes meanwhile, the others wait until it is back. */
export async function fetchAll(): Promise<void> {
  for (const each of Object.values(fetches)) {
    try {
      await each();
    } catch {
      addEventListener("online", () => void fetchAll(), { once: true });
      return;
    }
  }
}
