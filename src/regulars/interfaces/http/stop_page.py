"""The small page behind the link in a mail: one button, for people; mail programs send what it sends without asking."""

import base64
import hashlib
from typing import Final

__all__ = ["STOP_POLICY", "write_done", "write_question"]

STYLE: Final = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 30rem; padding: 1rem }
button { font: inherit; padding: 0.5rem 1.5rem }
"""
ALLOWED: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
STOP_POLICY: Final = (
    f"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; style-src {ALLOWED}"
)


def write_question() -> str:
    """Write the page that asks. Opening it changes nothing: programs open links that nobody clicked."""
    return _write(
        "<p>No more messages of this kind by this way? You stay a member, and keep your points."
        "<br>不再接收此类消息？您的会员身份和积分不受影响。</p>"
        "<form method=post><input type=hidden name=List-Unsubscribe value=One-Click>"
        "<button>Stop them 退订</button></form>"
    )


def write_done() -> str:
    """Write the page that says that it is done."""
    return _write("<p role=status>Done: you get no more of these.<br>已退订，您将不再收到此类消息。</p>")


def _write(body: str) -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta name=referrer content=no-referrer><title>Regulars</title><style>{STYLE}</style>"
        f"<h1>Regulars · 熟客</h1>{body}"
    )
