/** Who is signed in here, and what they may do. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { api, ask, Problem, SIGNED_OUT, type Shapes } from "../../client";

type Me = Shapes["Me"];
const Who = createContext<Me | null>(null);

/** Who is signed in. Below `Signed` there is always somebody. */
export function useMe(): Me {
  const me = use(Who);
  if (me === null) throw new Error("nobody is signed in here");
  return me;
}

/** Whether who is signed in has a scope. What one may not do is not shown. */
export const useMay = (scope: string | null): boolean => {
  const me = useMe();
  return scope === null || me.scopes.includes(scope);
};

/**
 * Shows `children` to who is signed in, and `entry` to others. When a session ends, the page stays as it is, with what
 * was typed into it, and `entry` comes over it.
 */
export function Signed({ children, entry }: { children: ReactNode; entry: (again: Me | null, done: () => void) => ReactNode }) {
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const { data, isPending } = useQuery({
    queryKey: ["session"],
    queryFn: () => ask(api.GET("/v1/session")),
    retry: (failures, error) => !(error instanceof Problem && error.status === 401) && failures < 3,
    staleTime: Infinity,
  });
  useEffect(() => {
    const end = () => setEnded(true);
    window.addEventListener(SIGNED_OUT, end);
    return () => window.removeEventListener(SIGNED_OUT, end);
  }, []);
  const done = () => {
    setEnded(false);
    void queries.invalidateQueries();
  };
  if (isPending) return null;
  if (data === undefined) return entry(null, done);
  return (
    <Who value={data}>
      {children}
      {ended && entry(data, done)}
    </Who>
  );
}
