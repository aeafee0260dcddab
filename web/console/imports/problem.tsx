/** What is wrong with a line, and its cure, in the reader's language: by the problem's code, with what stood there. */
import type { Shapes } from "../../client";
import { knows, language, t } from "../../kit/words";

type Problem = Shapes["ImportProblem"];

/** What stood in the cell, as the server quotes it. */
const quoted = (what: string): string => /'([^']+)'/.exec(what)?.[1] ?? "";

/** The server's own words are English, and know most; others are told by the code, and a code without words as it came. */
function say(kind: "problem" | "cure", row: Problem): string {
  const own = kind === "problem" ? row.what : row.cure;
  if (language() === "en") return own;
  if (kind === "problem") return knows(`imports.problem.${row.code}`) ? t(`imports.problem.${row.code}`) : knows(`problem.${row.code}`) ? t(`problem.${row.code}`) : own;
  return knows(`imports.cure.${row.code}`) ? t(`imports.cure.${row.code}`) : own;
}

export function What({ row }: { row: Problem }) {
  const cell = quoted(row.what);
  const said = say("problem", row);
  return (
    <span title={row.what}>
      <bdi>{said}</bdi>
      {cell !== "" && !said.includes(cell) && (
        <>
          {" "}
          <bdi className="code">{cell}</bdi>
        </>
      )}
    </span>
  );
}

export const Cure = ({ row }: { row: Problem }) => (
  <span title={row.cure}>
    <bdi>{say("cure", row)}</bdi>
  </span>
);
