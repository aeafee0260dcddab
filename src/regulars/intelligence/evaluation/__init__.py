"""How what we predict is judged: what a task is, what comes of it, the measures, and what a step of a run gives."""

from regulars.intelligence.evaluation.drift import Drift, Watch, describe_drift, measure_drift, take_watch
from regulars.intelligence.evaluation.fresh import FRESH_DAYS, recall, tell_since
from regulars.intelligence.evaluation.measures import (
    compare_means,
    compare_scores,
    measure_auc,
    measure_calibration,
    measure_log_loss,
)
from regulars.intelligence.evaluation.model import (
    Chart,
    Insight,
    Outcome,
    Paired,
    Progress,
    Section,
    Series,
    Step,
    Table,
    Task,
    TaskUnknown,
    Words,
    stay_silent,
)
from regulars.intelligence.evaluation.plugs import find_steps, find_task, find_tasks
from regulars.intelligence.evaluation.run import evaluate

__all__ = [
    "FRESH_DAYS",
    "Chart",
    "Drift",
    "Insight",
    "Outcome",
    "Paired",
    "Progress",
    "Section",
    "Series",
    "Step",
    "Table",
    "Task",
    "TaskUnknown",
    "Watch",
    "Words",
    "compare_means",
    "compare_scores",
    "describe_drift",
    "evaluate",
    "find_steps",
    "find_task",
    "find_tasks",
    "measure_auc",
    "measure_calibration",
    "measure_drift",
    "measure_log_loss",
    "recall",
    "stay_silent",
    "take_watch",
    "tell_since",
]
