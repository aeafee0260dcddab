/** What went wrong, in the reader's words: by the code of the refusal where we have words, else as the server says it. */
import { OFFLINE, Problem } from "../client";
import { knows, t } from "./words";

export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return t("kit.failed");
  if (error.code === OFFLINE) return t("kit.offline");
  if (knows(`problem.${error.code}`)) return t(`problem.${error.code}`, plain(error.told));
  if (error.status >= 500) return t("kit.failed");
  return error.detail || t("kit.failed");
}

/** What a refusal tells besides its code, as far as it can stand in a sentence. */
function plain(told: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const usable = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number";
  return Object.fromEntries(Object.entries(told).filter((each): each is [string, string | number] => usable(each[1])));
}
