/** Who is signed in on this device. */
import { createContext, use } from "react";
import { api, ask, SIGNED_OUT, type Shapes } from "../../client";
import { noteClock } from "../../kit/clock";
import { forget, forgetKept, isSignedOut, refresh } from "./loaded";

export type Mine = Shapes["MyView"];
const Who = createContext<Mine | null>(null);
export const Signed = Who.Provider;
let asking = 0;
/** Whether somebody was in at the last look; not known before the first. */
let isIn: boolean | undefined;
/** Who it was. */
let whose = "";

export function useMine(): Mine {
  const mine = use(Who);
  if (mine === null) throw new Error("nobody is signed in here");
  return mine;
}

export async function loadMine(): Promise<Mine> {
  asking += 1;
  try {
    const told = await ask(api.GET("/v1/me"));
    noteClock(told.member.as_of);
    isIn = true;
    whose = told.member.id;
    return told;
  } catch (error) {
    if (isSignedOut(error) && isIn !== false) {
      // What is on the screen stays until somebody comes in again: they may have been in the middle of something.
      if (isIn === true) forgetKept();
      else forget();
      isIn = false;
    }
    throw error;
  } finally {
    asking -= 1;
  }
}

// Another door may have refused for a reason of its own, such as a wrong code: whoever is still in is found by asking.
window.addEventListener(SIGNED_OUT, () => {
  if (asking === 0 && isIn !== false) refresh("me");
});

/** Begin with whoever has just signed in: where it is the one who was here, with all that is on the screen. */
export function begin(member = ""): void {
  if (member === "" || member !== whose) forget();
  refresh();
}

/** Sign out; `everywhere` on other devices, too. What was kept here is gone. */
export async function signOut(everywhere = false): Promise<void> {
  if (everywhere) await ask(api.POST("/v1/me/sign-out-everywhere"));
  else await ask(api.POST("/v1/me/sign-out"));
  begin();
}
