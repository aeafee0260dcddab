/** What somebody types as their address or number, as the server takes it. */
export interface Contact {
  readonly kind: "email" | "phone";
  readonly value: string;
}

export const readContact = (typed: string): Contact => (typed.includes("@") ? { kind: "email", value: typed.trim() } : { kind: "phone", value: international(typed) });

/** A number as the world dials it: one of eleven digits is of China's mobile networks. */
function international(typed: string): string {
  const digits = typed.replace(/[^\d+]/g, "");
  return /^1\d{10}$/.test(digits) ? `+86${digits}` : digits;
}
