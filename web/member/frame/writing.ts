/** A change under way: whether it is, and what went wrong with the last. */
import { useState } from "react";

export interface Writing {
  readonly busy: boolean;
  readonly error: unknown;
  readonly clear: () => void;
  /** Gives whether it was done. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useWriting(): Writing {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  return {
    busy,
    error,
    clear: () => setError(undefined),
    run: async (work) => {
      setBusy(true);
      setError(undefined);
      try {
        await work();
        return true;
      } catch (thrown) {
        setError(thrown);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
