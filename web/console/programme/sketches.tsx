/** What people are working on now. */
import { Button, Empty, Flex } from "antd";
import { Link } from "react-router";
import type { Shapes } from "../../client";
import { ago, dateTime } from "../../kit/format";
import { t, useLanguage } from "../../kit/words";
import { Mark } from "../shell/mark";
import { Rows } from "../shell/rows";
import { useMay } from "../shell/session";
import { Asked } from "../shell/asked";
import { useSketches } from "./asking";

type Sketch = Shapes["SketchView"];

export function Sketches({ begin }: { begin: () => void }) {
  useLanguage();
  const query = useSketches();
  const mayDraft = useMay("program:draft");
  const none = (
    <Empty description={t("programme.sketches.none")}>
      {mayDraft && (
        <Button type="primary" onClick={begin}>
          {t("programme.change")}
        </Button>
      )}
    </Empty>
  );
  return (
    <Asked query={query}>
      {({ sketches }) =>
        sketches.length === 0 ? (
          none
        ) : (
          <Rows<Sketch>
            rows={sketches}
            label={t("programme.sketches")}
            empty=""
            idOf={(each) => each.id}
            columns={[
              { key: "name", title: t("programme.name"), show: (each) => <Named sketch={each} /> },
              { key: "by", title: t("programme.changed.by"), show: (each) => <bdi>{each.changed_by}</bdi> },
              { key: "at", title: t("programme.changed.at"), show: (each) => <span title={dateTime(each.changed_at)}>{ago(each.changed_at)}</span> },
            ]}
          />
        )
      }
    </Asked>
  );
}

function Named({ sketch }: { sketch: Sketch }) {
  return (
    <Flex gap={8} align="center" wrap>
      <Link to={`/programme/sketches/${sketch.id}`}>
        <bdi>{sketch.name}</bdi>
      </Link>
      {sketch.drafted !== "" && (
        <Link to={`/programme/versions/${sketch.drafted}`}>
          <Mark tone="good">{t("programme.sketch.drafted")}</Mark>
        </Link>
      )}
    </Flex>
  );
}
