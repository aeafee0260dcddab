/** What the programme's pages ask the server for, under names that all of them know. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../client";
import { useLanguage } from "../../kit/words";

export const useLive = () => useQuery({ queryKey: ["program"], queryFn: () => ask(api.GET("/v1/program")) });
export const useVersions = () =>
  useQuery({ queryKey: ["programs"], queryFn: () => ask(api.GET("/v1/programs", { params: { query: { limit: 200 } } })) });
export const useSketches = () => useQuery({ queryKey: ["sketches"], queryFn: () => ask(api.GET("/v1/sketches")) });
export const useMechanics = () =>
  useQuery({ queryKey: ["mechanics"], queryFn: () => ask(api.GET("/v1/mechanics")), staleTime: Infinity });
export const useProgramSchema = () =>
  useQuery({ queryKey: ["program-schema"], queryFn: () => ask(api.GET("/v1/program/schema")), staleTime: Infinity });

/** The language of words that the server writes. */
export const useLang = (): "en" | "zh" => (useLanguage() === "en" ? "en" : "zh");

export function useVersion(version: string) {
  return useQuery({
    queryKey: ["programs", version],
    queryFn: () => ask(api.GET("/v1/programs/{version}", { params: { path: { version } } })),
  });
}

export function useWords(version: string) {
  const lang = useLang();
  return useQuery({
    queryKey: ["program-words", version, lang],
    queryFn: () => ask(api.GET("/v1/programs/{version}/words", { params: { path: { version }, query: { lang } } })),
    staleTime: version === "live" ? 10_000 : Infinity,
  });
}
