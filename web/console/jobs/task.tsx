/** How far long work is: watched while it runs, and it goes on when nobody watches. */
import { Button, Flex, Progress } from "antd";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t } from "../../kit/words";
import { Mark, type Tone } from "../shell/mark";
import { useMay } from "../shell/session";
import { Fault, useWrite } from "../shell/write";

export type Task = Shapes["TaskView"];
const TONES: Record<Task["state"], Tone> = { waiting: "warn", running: "warn", done: "good", failed: "bad", cancelled: "plain" };
export const WATCH_MS = 1500;

export const isOver = (task: Task | undefined): boolean => task !== undefined && ["done", "failed", "cancelled"].includes(task.state);

export function Standing({ task }: { task: Task }) {
  return <Mark tone={TONES[task.state]}>{task.is_stopping && !isOver(task) ? t("jobs.stopping") : t(`jobs.state.${task.state}`)}</Mark>;
}

/** The way of one task, with a way out. */
export function Way({ task }: { task: Task }) {
  const may = useMay("tasks:write");
  const cancel = useWrite(() => ask(api.POST("/v1/tasks/{task}/cancel", { params: { path: { task: task.id } } })), { touches: [["tasks"], ["imports"]], said: t("jobs.stopped") });
  const percent = task.total > 0 ? Math.min(100, Math.floor((100 * task.done) / task.total)) : task.state === "done" ? 100 : 0;
  return (
    <Flex vertical gap={4}>
      <Flex gap={8} align="center" wrap>
        <Standing task={task} />
        {task.total > 0 && <span>{t("jobs.way", { done: count(task.done), total: count(task.total) })}</span>}
        {!isOver(task) && may && !task.is_stopping && (
          <Button size="small" danger loading={cancel.isBusy} onClick={() => cancel.run(undefined)}>
            {t("jobs.stop")}
          </Button>
        )}
      </Flex>
      {!isOver(task) && <Progress percent={percent} size="small" aria-label={task.title} />}
      {task.error !== "" && <bdi className="loss">{task.error}</bdi>}
      {cancel.error !== null && <Fault error={cancel.error} />}
    </Flex>
  );
}
