"""Two small pages of HTML: where a one-time link leads, and where the identity provider sends people back to."""

from typing import Final

from regulars.interfaces.http.small_page import CLOSED, say, write_page, write_policy

__all__ = ["BACK_POLICY", "WELCOME_POLICY", "write_back", "write_welcome"]

FORM: Final = f"""
<p id=wait>{say("One moment…", "请稍候……")}</p>
<form id=form hidden>
<p>{
    say(
        "You are setting up your account. First, add it to the app on your phone that shows codes for signing in"
        " (Google Authenticator, Microsoft Authenticator or any other):",
        "正在设置您的账户。第一步：打开手机上的验证器应用（如微软或腾讯的身份验证器），扫描下面的二维码：",
    )
}</p>
<figure id=drawing></figure>
<p>{say("On this phone itself,", "如果就在这部手机上操作，")} <a id=app>{say("open the app", "直接打开验证器")}</a>{
    say(", or type this into it:", "，或者手动输入这串密钥：")
}<br><code id=secret></code></p>
<label>{say("E-mail", "邮箱")}<input id=email type=email autocomplete=username required></label>
<label>{say("Name", "姓名")}<input id=name autocomplete=name maxlength=100 required></label>
<label>{say("Password, 12 characters or more", "密码（至少 12 个字符）")}
<input id=password type=password autocomplete=new-password minlength=12 maxlength=256 required></label>
<label>{say("The six digits that the app shows now", "验证器上现在显示的 6 位数字")}
<input id=code inputmode=numeric autocomplete=one-time-code required></label>
<button id=go>{say("Set up", "完成设置")}</button>
</form>
<div id=done hidden><p>{
    say(
        "Your account is ready. Write these codes down and keep them safe: each lets you in once if the phone is gone."
        " They are not shown again.",
        "账户已开通。请抄下这些备用码并妥善保管：手机丢失时，每个可登录一次。离开本页后不再显示。",
    )
}</p><pre id=recovery></pre><button id=copy type=button>{say("Copy", "复制")}</button></div>
"""
SCRIPT: Final = """
Object.assign(words, {
  second_factor_wrong: "验证码不对，请输入验证器上现在显示的 6 位数字。",
  password_weak: "密码太弱：至少 12 个字符，且不要用常见或已泄露的密码。",
  account_known: "这个邮箱已经有账户了，请换一个邮箱或直接登录。",
  owner_exists: "已经有所有者了，请向对方要一个邀请链接。",
  account_unusable: "邮箱或姓名填写有误，请检查后再试。",
});
const look = async () => {
  const told = await send("v1/staff/welcome/look", {token});
  at("wait").hidden = true;
  if (!told) return;
  at("secret").textContent = told.secret;
  at("app").href = told.address;
  at("drawing").append(new DOMParser().parseFromString(told.drawing, "text/html").querySelector("svg"));
  at("email").value = told.email;
  at("email").readOnly = told.email !== "";
  at("name").value = told.name;
  at("form").hidden = false;
};
look();
at("form").addEventListener("submit", async event => {
  event.preventDefault();
  at("go").disabled = true;
  say("", "");
  const given = Object.fromEntries(["email", "name", "password", "code"].map(id => [id, at(id).value]));
  const told = await send("v1/staff/welcome", {token, ...given});
  at("go").disabled = false;
  if (!told) return;
  at("form").hidden = true;
  at("recovery").textContent = told.recovery.join("\\n");
  at("done").hidden = false;
});
at("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(at("recovery").textContent);
  say("Copied.", "已复制。");
});
"""
WELCOME_POLICY: Final = write_policy(SCRIPT)
BACK_POLICY: Final = CLOSED


def write_welcome() -> str:
    """Write the page on which a person sets up their account. It holds nothing that is anybody's."""
    return write_page(FORM, SCRIPT)


def write_back() -> str:
    """Write the page of who has signed on.

    It goes on by itself: a browser would not send the new cookie with a redirect that began on another site.
    """
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<meta http-equiv=refresh content='0; url=/'><title>Regulars</title>"
        "<p>You are signed on. <a href='/'>Go on</a> · 已登录，<a href='/'>继续</a>"
    )
