"""What is written to members, in Chinese and in English. Pure."""

from typing import Final

from regulars.features.entrance.model import CODE_LASTS, COOLING, UNDO_LASTS

__all__ = ["write_change", "write_code"]

MINUTES: Final = int(CODE_LASTS.total_seconds()) // 60
COOLING_HOURS: Final = int(COOLING.total_seconds()) // 3600
UNDO_HOURS: Final = int(UNDO_LASTS.total_seconds()) // 3600


def write_code(code: str) -> tuple[str, str]:
    """Write a message with a code: (subject, text). The code is not in the subject, which locked screens show."""
    text = (
        f"验证码 {code}，{MINUTES} 分钟内有效。请勿告诉任何人，包括店员。\n"
        f"Your code is {code}. It is good for {MINUTES} minutes. Tell it to nobody, nor to anybody of the shop.\n"
    )
    return "Your code · 验证码", text


def write_change(link: str) -> tuple[str, str]:
    """Write the notice of a changed contact, with what undoes it: (subject, text)."""
    text = (
        f"您的会员联系方式已更改。{COOLING_HOURS} 小时内积分不能使用或转赠。"
        f"如果不是您本人操作，请在 {UNDO_HOURS} 小时内撤销：\n"
        f"Your contact was changed. For {COOLING_HOURS} hours points can be neither used nor given away."
        f" If that was not you, undo it within {UNDO_HOURS} hours:\n{link}\n"
    )
    return "Your contact was changed · 联系方式已更改", text
