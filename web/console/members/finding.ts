/** One member by what somebody types of them, where it is theirs alone. */
import { api, ask, Problem } from "../../client";

/** Gives the id of the only member that fits; refuses nobody, and several. */
export async function findOne(text: string): Promise<string> {
  const { members } = await ask(api.POST("/v1/members/search", { body: { text } }));
  const [only] = members;
  if (only === undefined || members.length > 1) throw new Problem("members_not_one", 0, "");
  return only.id;
}
