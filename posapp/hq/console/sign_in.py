"""The page on which somebody signs in at HQ: one HTML answer of our own that asks for nothing more."""

from __future__ import annotations

from html import escape

from posapp.errors import PosError

_STYLE = """
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:#eef1f0;color:#16211d;
font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}main{width:min(24rem,100vw);
padding:32px;background:#fff;border-radius:16px;box-shadow:0 8px 40px #0002}h1{font-size:22px;margin:0 0 4px}
p{margin:0 0 20px;color:#5a6862}label{display:block;font-weight:600;margin:0 0 4px}input{width:100%;height:48px;
margin:0 0 16px;padding:0 12px;font:inherit;color:inherit;background:none;border:1px solid #8b9892;border-radius:8px}
button{width:100%;height:48px;border:0;border-radius:8px;background:#0a6147;color:#fff;font:600 16px system-ui,
"PingFang SC","Noto Sans CJK SC",sans-serif;cursor:pointer}.e{color:#b3261e;margin:0 0 16px}
:focus-visible{outline:3px solid #d98a00;outline-offset:2px}
nav{margin:20px 0 0;font-size:14px;text-align:center}a{color:#0a6147}
@media(prefers-color-scheme:dark){body{background:#101614;color:#e7edea}main{background:#1a2320}p{color:#a5b3ad}
.e{color:#ff9d94}a{color:#7fd1b0}button{background:#12805f}}
@media(max-width:480px){main{border-radius:0;min-height:100vh;padding-top:20vh}}
""".replace("\n", "")

_WORDS = {
    "zh": ("总部", "请登录", "用户名", "密码", "登录", "English", "en"),
    "en": ("Headquarters", "Please sign in", "Name", "Password", "Sign in", "中文", "zh"),
}


def page(language: str, nonce: str, name: str = "", error: PosError | None = None, back: str = "") -> str:
    """The whole page. back: where to go afterwards, a path of the console."""
    title, please, user, password, button, other, other_code = _WORDS["en" if language == "en" else "zh"]
    told = f'<p class="e" role="alert">{escape(error.sentence(language))}</p>' if error else ""
    onward = f"&amp;back={escape(back)}" if back else ""
    focus = ("", " autofocus") if name else (" autofocus", "")
    return (
        f'<!doctype html><html lang="{"en" if language == "en" else "zh-CN"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{title}</title><link rel="icon" href="data:,"><style nonce="{nonce}">{_STYLE}'
        f'</style><main><h1>{title}</h1><p>{please}</p>{told}<form method="post" autocomplete="on">'
        f'<input type="hidden" name="back" value="{escape(back)}">'
        f'<label for="n">{user}</label><input id="n" name="name" required maxlength="40" autocomplete="username" '
        f'value="{escape(name)}"{focus[0]}>'
        f'<label for="p">{password}</label><input id="p" name="password" type="password" required maxlength="200" '
        f'autocomplete="current-password"{focus[1]}><button>{button}</button></form>'
        f'<nav><a href="?l={other_code}{onward}" lang="{other_code}">{other}</a></nav></main></html>'
    )
