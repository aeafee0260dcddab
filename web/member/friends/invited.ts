/** By whose invitation somebody came here: kept on the device until they have joined and said so. */
const KEPT = "regulars.invited";
const NAMED = "by";
const CODE = /^[A-Za-z0-9_-]{1,64}$/;

/** Take the code out of the address that was opened, so that a reload or a bookmark does not bring it again. */
export function noteInvitation(): void {
  const address = new URL(location.href);
  const code = address.searchParams.get(NAMED);
  if (code === null) return;
  if (CODE.test(code)) localStorage.setItem(KEPT, code);
  address.searchParams.delete(NAMED);
  history.replaceState(history.state, "", address);
}

export const readInvited = (): string => localStorage.getItem(KEPT) ?? "";
export const forgetInvited = (): void => localStorage.removeItem(KEPT);

/** The address that a member hands on. */
export const linkOf = (code: string): string => `${location.origin}/member/?${NAMED}=${code}`;

/** The code in what somebody pasted: a whole address, or the code alone. */
export function codeOf(typed: string): string {
  const text = typed.trim();
  return URL.canParse(text) ? (new URL(text).searchParams.get(NAMED) ?? text) : text;
}
