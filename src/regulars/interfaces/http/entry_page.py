"""The small page to which the notice of a changed contact leads: one button."""

from typing import Final

from regulars.interfaces.http.small_page import say, write_page, write_policy

__all__ = ["UNDO_POLICY", "write_undo"]

BODY: Final = f"""
<p>{
    say(
        "Your contact was changed. If that was not you, undo it: your old contact comes back, and everybody who is"
        " signed in as you is signed out. If it was you, close this page.",
        "您的联系方式刚刚更改过。如果不是您本人操作，请点下面的按钮撤销：原来的联系方式会恢复，所有已登录的设备都会退出。"
        "如果是您本人操作，关闭本页即可。",
    )
}</p>
<p><button id=undo>{say("Undo", "撤销更改")}</button></p>
"""
SCRIPT: Final = """
words.undo_invalid = "链接无效或已超过三天，请联系客服。";
at("undo").addEventListener("click", async () => {
  at("undo").disabled = true;
  const told = await send("v1/entry/undo", {token});
  if (told) say("Undone: your old contact is back.", "已撤销，原来的联系方式已恢复。");
  else at("undo").disabled = false;
});
"""
UNDO_POLICY: Final = write_policy(SCRIPT)


def write_undo() -> str:
    """Write the page. It holds nothing that is anybody's: what undoes is in the part of the link that is not sent."""
    return write_page(BODY, SCRIPT)
