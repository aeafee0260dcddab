/** Why an offer gave, or did not: codes of receipts and explanations, in the reader's words. */
import { knows, t } from "../../kit/words";

/** A code of a mechanic from elsewhere stands as it is. */
export const reasonOf = (code: string): string => (knows(`console.reason.${code}`) ? t(`console.reason.${code}`) : code);
