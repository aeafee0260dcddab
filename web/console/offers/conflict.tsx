/** Somebody else saved meanwhile: what they changed, what you did, and a choice where both changed the same. */
import { Alert, Flex, Modal, Radio, Tag, Typography } from "antd";
import { useState } from "react";
import { t, useLanguage } from "../../kit/words";
import { Failed } from "../shell/asked";
import { Rows } from "../shell/rows";
import { called, within, type Settings } from "../programme/document";
import { labelOf } from "./form";
import { compare, differences, join, offerIn, partIn, type Part, type Side } from "./merge";

const nameOf = (part: Part): string => {
  const [id, divided] = [offerIn(part.key), partIn(part.key)];
  if (divided !== null) return divided.map(labelOf).join(" › ");
  return id === null ? labelOf(part.key) : called(within(part.mine ?? part.theirs)["name"], id);
};

function what(part: Part): string {
  if (part.mine === undefined) return t(part.by === "theirs" ? "offers.merge.added" : "offers.merge.removed");
  if (part.theirs === undefined) return t(part.by === "theirs" ? "offers.merge.removed" : "offers.merge.added");
  return t("offers.merge.changed");
}

function Taken({ title, parts }: { title: string; parts: readonly Part[] }) {
  if (parts.length === 0) return null;
  return (
    <section>
      <Typography.Title level={3} style={{ fontSize: 15 }}>
        {title}
      </Typography.Title>
      <ul className="clauses">
        {parts.map((part) => (
          <li key={part.key}>
            <bdi>{nameOf(part)}</bdi> <Tag>{what(part)}</Tag>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Contested({ part, by, side, choose }: { part: Part; by: string; side: Side | undefined; choose: (side: Side) => void }) {
  return (
    <fieldset className="frame">
      <legend>
        <bdi>{nameOf(part)}</bdi>
      </legend>
      <Rows
        rows={differences(part.mine, part.theirs)}
        label={nameOf(part)}
        empty=""
        idOf={(each) => each.path}
        columns={[
          { key: "setting", title: t("offers.merge.setting"), show: (each) => (each.path === "" ? t("offers.merge.whole") : each.path.split(".").map(labelOf).join(" › ")) },
          { key: "mine", title: t("offers.merge.mine"), show: (each) => <bdi>{each.mine}</bdi> },
          { key: "theirs", title: by, show: (each) => <bdi>{each.theirs}</bdi> },
        ]}
      />
      <Radio.Group
        value={side ?? null}
        onChange={(event) => choose(event.target.value as Side)}
        options={[
          { value: "mine", label: t("offers.merge.take.mine") },
          { value: "theirs", label: t("offers.merge.take.theirs", { name: by }) },
        ]}
      />
    </fieldset>
  );
}

interface ConflictGiven {
  readonly by: string;
  readonly base: Settings;
  readonly mine: Settings;
  readonly theirs: Settings;
  readonly busy: boolean;
  readonly error: unknown;
  readonly save: (joined: Settings) => void;
  readonly close: () => void;
}

export function Conflict({ by, base, mine, theirs, busy, error, save, close }: ConflictGiven) {
  useLanguage();
  const found = compare(base, mine, theirs);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Side>>(new Map());
  const both = found.filter((each) => each.by === "both");
  return (
    <Modal
      open
      width={720}
      title={t("offers.merge.title", { name: by })}
      okText={t("offers.merge.save")}
      okButtonProps={{ disabled: both.some((each) => !chosen.has(each.key)) }}
      confirmLoading={busy}
      onOk={() => save(join(mine, theirs, found, chosen))}
      onCancel={close}
    >
      {error !== null && <Failed error={error} />}
      <Alert type="info" showIcon title={t(both.length === 0 ? "offers.merge.easy" : "offers.merge.hard")} style={{ marginBottom: 12 }} />
      <Flex vertical gap={12}>
        {both.map((part) => (
          <Contested key={part.key} part={part} by={by} side={chosen.get(part.key)} choose={(side) => setChosen(new Map(chosen).set(part.key, side))} />
        ))}
        <Taken title={t("offers.merge.by.theirs", { name: by })} parts={found.filter((each) => each.by === "theirs")} />
        <Taken title={t("offers.merge.by.mine")} parts={found.filter((each) => each.by === "mine")} />
      </Flex>
    </Modal>
  );
}
