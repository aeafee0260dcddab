"""Telling other systems what happened: signed messages, in each member's order, tried again until they are taken."""

from regulars.features.webhooks.deliver import Round, judge
from regulars.features.webhooks.events import TEST, derive
from regulars.features.webhooks.gather import gather
from regulars.features.webhooks.model import (
    Answer,
    Delivery,
    Event,
    Kinds,
    State,
    Webhook,
    WebhookAttempt,
    WebhookChanged,
    WebhookEventUnknown,
    WebhookFigures,
    WebhookLimit,
    WebhookMade,
    WebhookUnknown,
    WebhookUrlRefused,
    fits,
    wait_after,
)
from regulars.features.webhooks.post import Post, resolve
from regulars.features.webhooks.proofs import prove
from regulars.features.webhooks.register import (
    OVERLAP_HOURS_MAX,
    add,
    change,
    get,
    remove,
    replay_event,
    replay_failed,
    replay_since,
    rotate_secret,
    send_test,
)
from regulars.features.webhooks.sign import sign
from regulars.features.webhooks.store import list_attempts, list_deliveries, list_endpoints, read_figures
from regulars.features.webhooks.target import Policy, Target

__all__ = [
    "OVERLAP_HOURS_MAX",
    "TEST",
    "Answer",
    "Delivery",
    "Event",
    "Kinds",
    "Policy",
    "Post",
    "Round",
    "State",
    "Target",
    "Webhook",
    "WebhookAttempt",
    "WebhookChanged",
    "WebhookEventUnknown",
    "WebhookFigures",
    "WebhookLimit",
    "WebhookMade",
    "WebhookUnknown",
    "WebhookUrlRefused",
    "add",
    "change",
    "derive",
    "fits",
    "gather",
    "get",
    "judge",
    "list_attempts",
    "list_deliveries",
    "list_endpoints",
    "prove",
    "read_figures",
    "remove",
    "replay_event",
    "replay_failed",
    "replay_since",
    "resolve",
    "rotate_secret",
    "send_test",
    "sign",
    "wait_after",
]
