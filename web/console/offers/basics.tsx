/** What all offers stand on, in forms: what members collect, the names that offers may speak of, calendars, kinds of activity. */
import { Collapse, Typography } from "antd";
import { useMemo } from "react";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { useProgramSchema } from "../programme/asking";
import { offersOf, texts, within, type Document } from "../programme/document";
import type { useChecking } from "./checking";
import { Around, Group, type Surroundings } from "./form";
import { follow, only, type Schema } from "./schema";
import type { Work } from "./work";

const SECTIONS = [
  { key: "currencies", names: ["currencies"] },
  { key: "catalog", names: ["catalog"] },
  { key: "days", names: ["calendars"] },
  { key: "activities", names: ["activities"] },
  { key: "programme", names: ["name", "program", "time_zone"] },
] as const;

interface BasicsGiven {
  readonly work: Work;
  readonly checking: ReturnType<typeof useChecking>;
  readonly document: Document;
  readonly isClosed: boolean;
}

/** Texts that settings here may name, by the setting's name. */
function knownIn(document: Document): Surroundings["known"] {
  const catalog = within(document["catalog"]);
  const kinds = [...new Set(["purchase", ...Object.keys(within(document["activities"])), ...offersOf(document).flatMap((each) => each.on)])];
  return { until: kinds, "regions.keys": Object.keys(within(catalog["regions"])), stores: texts(catalog["stores"]) };
}

function Sections({ program, work, around }: { program: Schema; work: Work; around: Surroundings }) {
  const whole = useMemo(() => follow(program, program), [program]);
  const isFaulty = (names: readonly string[]) => [...around.faults.keys()].some((path) => names.some((name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`)));
  return (
    <Around value={around}>
      {SECTIONS.map(({ key, names }) => (
        <Collapse
          key={key}
          style={{ marginTop: 12 }}
          defaultActiveKey={key === "currencies" || isFaulty(names) ? [key] : []}
          items={[
            {
              key,
              label: <h2 className="section-name">{t(`offers.basics.${key}`)}</h2>,
              children: (
                <>
                  <Typography.Paragraph type="secondary">{t(`offers.basics.${key}.about`)}</Typography.Paragraph>
                  <Group schema={only(whole, names)} value={work.now} path="" change={work.change} />
                </>
              ),
            },
          ]}
        />
      ))}
    </Around>
  );
}

export function Basics({ work, checking, document, isClosed }: BasicsGiven) {
  const schema = useProgramSchema();
  const known = useMemo(() => knownIn(document), [document]);
  return <Asked query={schema}>{(program) => <Sections program={program} work={work} around={{ root: program, money: document.money, known, faults: checking.faults, isClosed }} />}</Asked>;
}
