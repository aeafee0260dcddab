/** What was asked for: while it is on its way, when it could not be had, and pages of a list one after another. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Alert, Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { explain } from "../../kit/problems";
import { t, useLanguage } from "../../kit/words";

/** What of a query is shown: its answer, its failure, and whether it is asked once more. */
interface Asking<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

/** Why something is not shown, and a way to try again where there is one. */
export function Failed({ error, again, busy = false }: { error: unknown; again?: () => unknown; busy?: boolean }) {
  useLanguage();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={explain(error)}
      style={{ marginBottom: 16 }}
      action={
        again && (
          <Button size="small" loading={busy} onClick={() => void again()}>
            {t("console.again")}
          </Button>
        )
      }
    />
  );
}

/** Shows what was asked for once it is there. What was read before stays when it cannot be read again. */
export function Asked<T>({ query, children }: { query: Asking<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <Failed error={query.error} again={query.refetch} busy={query.isFetching} />;
  return <Skeleton active aria-busy aria-label={t("console.loading")} />;
}

export interface Paged<T> {
  readonly rows: readonly T[] | undefined;
  readonly error: unknown;
  readonly isMore: boolean;
  readonly isBusy: boolean;
  readonly more: () => void;
  readonly again: () => void;
  /** Read all pages that are shown once more. */
  readonly read: () => Promise<boolean>;
}

/** A list that comes page by page; `key` is what it is kept under. */
export function usePages<T>(key: readonly unknown[], read: (cursor: string | undefined) => Promise<{ rows: readonly T[]; next?: string | null | undefined }>, enabled = true): Paged<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.rows),
    error: query.error,
    isMore: query.hasNextPage,
    isBusy: query.isFetching,
    more: () => void query.fetchNextPage(),
    again: () => void (query.data === undefined ? query.refetch() : query.fetchNextPage()),
    read: async () => (await query.refetch()).isSuccess,
  };
}
