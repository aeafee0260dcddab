"""Small pages of HTML, whole in themselves: in English and Chinese, and only what their policy names runs."""

import base64
import hashlib
from typing import Final

__all__ = ["CLOSED", "say", "write_page", "write_policy"]

CLOSED: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The policy of a page in which nothing runs."""

STYLE: Final = """
:root { color-scheme: light dark }
:root[lang=en] [lang=zh-CN]:not(button), :root[lang=zh-CN] [lang=en]:not(button) { display: none }
body { font: 16px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  margin: 0 auto; max-width: 30rem; padding: 1rem }
header { align-items: baseline; display: flex; justify-content: space-between }
h1 { font-size: 1.4rem }
label { display: block; margin: 0.9rem 0 }
input { box-sizing: border-box; font: inherit; padding: 0.6rem; width: 100% }
button { font: inherit; min-height: 2.75rem; padding: 0.5rem 1.5rem }
code, pre { overflow-wrap: anywhere; white-space: pre-wrap }
figure { background: #fff; margin: 1rem 0; padding: 0.5rem; width: max-content }
figure svg { display: block; height: 11rem; width: 11rem }
#state { min-height: 1.6em }
"""
# What pages share: the language (the reader's own, and a button for the other), and a request whose failures are told
# in words. `told.code` is the stable name of a refusal; a page may have Chinese words for it.
SCRIPT: Final = """
const at = id => document.getElementById(id), root = document.documentElement;
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const speak = language => { root.lang = language; at("other").textContent = language === "en" ? "中文" : "English"; };
speak(navigator.language.startsWith("zh") ? "zh-CN" : "en");
at("other").addEventListener("click", () => speak(root.lang === "en" ? "zh-CN" : "en"));
const say = (english, chinese) => { at("state").textContent = root.lang === "en" ? english : chinese; };
const words = {link_invalid: "链接无效、已用过或已过期，请向邀请您的人再要一个。"};
const send = async (path, body) => {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
    });
  } catch {
    say("The server cannot be reached. Nothing is lost: try again when you are connected.",
      "连不上服务器。您填写的内容还在，联网后请重试。");
    return null;
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const detail = told.detail || `Something failed (${answer.status}). Try again later.`;
  say(detail, words[told.code] || (answer.status < 500 ? detail : "出了点问题，请稍后再试。"));
  return null;
};
"""


def say(english: str, chinese: str) -> str:
    """Write a text in both languages; the page shows the reader's."""
    return f"<span lang=en>{english}</span><span lang=zh-CN>{chinese}</span>"


def write_policy(script: str) -> str:
    """Write the policy of a page with this script of its own: only it, what pages share and the style may run."""
    return f"{CLOSED}; connect-src 'self'; style-src {_allow(STYLE)}; script-src {_allow(SCRIPT + script)}"


def write_page(body: str, script: str) -> str:
    """Write a page. What it holds is nobody's: who it is for, the part of the link tells that browsers do not send."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<meta name=referrer content=no-referrer><title>Regulars · 熟客</title><style>{STYLE}</style>"
        "<header><h1>Regulars · 熟客</h1><button id=other type=button></button></header><main>"
        f"{body}<p id=state role=status></p></main><script>{SCRIPT}{script}</script></html>"
    )


def _allow(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
