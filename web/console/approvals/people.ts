/** The names of people who work here, for who may see them. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../client";
import { t } from "../../kit/words";
import { useMay, useMe } from "../shell/session";

/** Gives who somebody is: you, their name, or the end of their id where names are not open to you. */
export function usePeople(): (id: string) => string {
  const { account } = useMe();
  const may = useMay("staff:read");
  const { data } = useQuery({
    queryKey: ["staff", "names"],
    queryFn: () => ask(api.GET("/v1/staff", { params: { query: { limit: 200 } } })),
    enabled: may,
    staleTime: 60_000,
  });
  const names = new Map(data?.accounts.map((each) => [each.id, each.name || each.email]));
  return (id) => (id === account.id ? t("approvals.you") : (names.get(id) ?? `…${id.slice(-6)}`));
}
