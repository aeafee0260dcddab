/** What sorts of data are called that are kept for a while. */
import { knows, t } from "../../kit/words";

/** In words where we have some, else by the name that the server has for it. */
export const nameOfPeriod = (name: string, otherwise: string = name): string => (knows(`privacy.what.${name}`) ? t(`privacy.what.${name}`) : otherwise);
