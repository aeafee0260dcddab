/** How a member stands with the programme. */
import type { Shapes } from "../../client";
import { t } from "../../kit/words";
import { Mark, type Tone } from "../shell/mark";

export type State = Shapes["MemberRow"]["state"];
export const STATES: readonly State[] = ["active", "frozen", "closed", "merged", "erased"];
const COLOURS: Record<State, Tone> = { active: "good", frozen: "bad", closed: "plain", merged: "plain", erased: "plain" };

export function Badge({ state }: { state: State }) {
  return <Mark tone={COLOURS[state]}>{t(`members.state.${state}`)}</Mark>;
}
