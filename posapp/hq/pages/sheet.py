"""What the customer's pages are made of: one HTML answer, small, that asks for nothing more and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import qrcode
from starlette.responses import Response

from posapp.errors import PosError
from posapp.hq.pages.browser import Visit, form_key, give_cookies
from posapp.hq.vault import Vault
from posapp.ids import Chance, b64u

_STYLE = """
*{box-sizing:border-box}body{margin:0;background:#f2f4f3;color:#16211d;font:16px/1.5 system-ui,"PingFang SC",
"Noto Sans CJK SC","Microsoft YaHei",sans-serif}main{max-width:27rem;margin:auto;padding:0 16px 32px}
header{display:flex;justify-content:space-between;align-items:center;gap:12px;padding:14px 0}
header b{font-size:17px}header a{white-space:nowrap}h1{font-size:22px;line-height:1.3;margin:0 0 4px}
h2{font-size:17px;margin:0 0 8px}p{margin:0 0 8px}a{color:#0a6147}section{background:#fff;border-radius:12px;
padding:16px;margin:0 0 12px}.gift{background:#0a6147;color:#fff}.gift li{font-weight:600}ul{margin:4px 0 0;
padding-left:20px}.ticket,.row{display:flex;justify-content:space-between;gap:12px}.row{padding:8px 0;
border-top:1px solid #e6eae8}.quiet{color:#5a6862;font-size:14px}label.f{display:block;margin:0 0 4px}
input:not([type=checkbox],[type=radio]),select{width:100%;height:48px;padding:0 12px;font:inherit;color:inherit;
border:1px solid #8b9892;border-radius:8px;background:#fff}.f+input{margin:0}.pair{display:flex;gap:8px}
.pair>*{flex:1;min-width:0}.pair button{flex:0 0 auto;width:auto;margin:0}.field{margin:0 0 14px}
.tick{display:flex;gap:10px;padding:8px 0}.tick input{flex:none;width:22px;height:22px;margin:1px 0 0;
accent-color:#0a6147}.tick small{display:block;color:#5a6862;font-size:13px;line-height:1.45}
button,.button{display:block;width:100%;min-height:48px;padding:0 16px;border:0;border-radius:8px;background:#0a6147;
color:#fff;font:600 16px/48px system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;text-align:center;
text-decoration:none}.plain{background:#fff;color:#0a6147;border:1px solid #0a6147;line-height:46px}
.link{background:none;color:#0a6147;font-weight:400;min-height:44px;line-height:44px}button:disabled{opacity:.5}
.none{position:absolute;left:-999em;width:1px}.e{color:#b3261e;margin:4px 0 0;font-size:15px}
[aria-invalid]{border:2px solid #b3261e!important}.note{border-left:4px solid #0a6147;padding-left:12px}
.bad{border-left-color:#b3261e}.big{font-size:34px;font-weight:700;line-height:1.2}.qr{text-align:center}
.qr svg{width:200px;height:200px}.qr+p{text-align:center}main>a,section>a{display:inline-block;
padding:10px 0;min-height:44px}a.button{padding:0 16px;display:block}.tick+button,.field+button{margin-top:12px}
.tick+.field{margin-top:12px}.two{display:flex;gap:8px}.two button{margin:0}form+.row{margin-top:12px}.row .e{margin:0}
form>button+button,.button+.button{margin-top:10px}summary{min-height:44px;
line-height:44px;font-weight:600}:focus-visible{outline:3px solid #d98a00;outline-offset:2px}
""".replace("\n", "")

# A second press while the first is under way; the seconds until another code may be asked for; a whole number asks for
# its code by itself, once: one tap less for whoever stands in a queue (domain.md row 11).
_SCRIPT = """
addEventListener('submit',e=>setTimeout(()=>e.target.querySelectorAll('button').forEach(b=>b.disabled=1)));
addEventListener('pageshow',e=>e.persisted&&location.reload());
document.querySelectorAll('[data-wait]').forEach(b=>{let n=+b.dataset.wait,t=b.textContent,
i=setInterval(()=>{b.disabled=n>0;b.textContent=n>0?t+' '+n:t;n--<=0&&clearInterval(i)},1000)});
document.querySelectorAll('[data-asks]').forEach(p=>p.addEventListener('input',()=>{
/^(\\+?86)?1[3-9]\\d{9}$/.test(p.value.replace(/[\\s-]/g,''))&&p.form.querySelector('[value=code]').click()}));
""".replace("\n", "")

Errors = dict[str, PosError]
"""What is wrong, by the field it stands beside; "" for the whole page."""


def answer(
    visit: Visit,
    chance: Chance,
    title: str,
    body: str,
    *,
    back: str = "",
    status: int = 200,
    sources: Sequence[str] = (),
    script: str = "",
) -> Response:
    """A whole page. back: where the switch of the language leads, a path of ours. sources: programs of others that the
    page loads before its own script."""
    nonce = b64u(chance(12))
    other, name = ("zh", "中文") if visit.language == "en" else ("en", "English")
    switch = f'<a href="{escape(back)}?l={other}" lang="{other}">{name}</a>' if back else ""
    html = (
        f'<!doctype html><html lang="{"en" if visit.language == "en" else "zh-CN"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style nonce="{nonce}">{_STYLE}</style>'
        f"<main><header><b>{escape(title)}</b>{switch}</header>{body}</main>"
        + "".join(f'<script nonce="{nonce}" src="{escape(source)}"></script>' for source in sources)
        + f'<script nonce="{nonce}">{_SCRIPT}{script}</script></html>'
    )
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    response = Response(html, status, headers, "text/html; charset=utf-8")
    give_cookies(visit, response)
    return response


def form(vault: Vault, visit: Visit, body: str, action: str = "") -> str:
    """A form that only this browser can send. action: what Enter does, where the buttons in it do different things."""
    first = f'<button class="none" name="action" value="{action}" tabindex="-1" aria-hidden="true"></button>'
    key = f'<input type="hidden" name="key" value="{form_key(vault, visit)}">'
    return f'<form method="post" novalidate>{key}{first if action else ""}{body}</form>'


def button(action: str, label: str, kind: str = "", more: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<button name="action" value="{action}"{style}{more}>{escape(label)}</button>'


def words(tag: str, text: str, kind: str = "") -> str:
    """A text in its element; kind: its class."""
    style = f' class="{kind}"' if kind else ""
    return f"<{tag}{style}>{escape(text)}</{tag}>"


def link(href: str, text: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<a href="{escape(href)}"{style}>{escape(text)}</a>'


def section(*parts: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f"<section{style}>{''.join(parts)}</section>"


def wrong(visit: Visit, errors: Errors, name: str) -> str:
    """The sentence beside a field, if there is one."""
    if name not in errors:
        return ""
    return f'<p class="e" id="e-{name}" role="alert">{escape(visit.told(errors[name]))}</p>'


def field(visit: Visit, errors: Errors, name: str, label: str, attributes: str, beside: str = "") -> str:
    """A field of one line with its label, what was typed, and what is wrong with it; `beside` is a button."""
    value = escape(visit.form.get(name, ""))
    bad = f' aria-invalid="true" aria-describedby="e-{name}" autofocus' if name in errors else ""
    box = f'<input id="{name}" name="{name}" value="{value}" {attributes}{bad}>'
    box = f'<div class="pair">{box}{beside}</div>' if beside else box
    head = f'<label class="f" for="{name}">{escape(label)}</label>'
    return f'<div class="field">{head}{box}{wrong(visit, errors, name)}</div>'


def tick(visit: Visit, errors: Errors, name: str, label: str, small: str = "", value: str = "1") -> str:
    """A box that is ticked only if the person ticked it."""
    held = " checked" if visit.form.get(name) == value else ""
    bad = f' aria-describedby="e-{name}" autofocus' if name in errors else ""
    more = f"<small>{escape(small)}</small>" if small else ""
    box = f'<input type="checkbox" name="{name}" value="{value}"{held}{bad}>'
    return f'<label class="tick">{box}<span>{escape(label)}{more}</span></label>{wrong(visit, errors, name)}'


def choice(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> str:
    held = (
        f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    return f'<select name="{name}" aria-label="{escape(label)}">{"".join(held)}</select>'


def note(text: str, *, bad: bool = False) -> str:
    """A sentence about what just happened."""
    return f'<section role="alert"><p class="note{" bad" if bad else ""}">{escape(text)}</p></section>'


def qr(text: str, label: str) -> str:
    """A QR code drawn in the page itself, level M, four modules of quiet."""
    # With the mask given the eight are not tried against each other, which takes ten times as long.
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, mask_pattern=2)
    code.add_data(text)
    matrix = code.get_matrix()
    runs = []
    for y, line in enumerate(matrix):
        start = -1
        for x, dark in enumerate([*line, False]):
            if dark and start < 0:
                start = x
            elif not dark and start >= 0:
                runs.append(f"M{start} {y}h{x - start}v1H{start}z")
                start = -1
    size = len(matrix)
    head = f'role="img" aria-label="{escape(label)}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"'
    paper = f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
    return f'<div class="qr"><svg {head}>{paper}<path d="{"".join(runs)}"/></svg></div>'
