/** Working on the programme: offers in forms, the whole as text, and everything that is to be done before it is a version. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, ask } from "../../client";
import { t, useLanguage } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Desk } from "./desk";
import "../programme/programme.css";
import "./offers.css";

export default function Editor() {
  useLanguage();
  const { sketch = "" } = useParams();
  const query = useQuery({
    queryKey: ["sketches", sketch],
    queryFn: () => ask(api.GET("/v1/sketches/{sketch}", { params: { path: { sketch } } })),
    // Read once: what others do meanwhile is told when it is saved, and never replaces what is being typed.
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <>
      <Link to="/programme?tab=sketches">{t("programme.sketches")}</Link>
      <Asked query={query}>{(whole) => <Desk key={whole.sketch.id} whole={whole} />}</Asked>
    </>
  );
}
