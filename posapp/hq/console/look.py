"""How the console looks: colours for light and dark, and the styles of its few pieces."""

from __future__ import annotations

GREEN, AMBER, GREY, RED, BLUE = "#1f9d6b", "#c77700", "#8a9691", "#c0362c", "#2f6fb5"
SERIES = ("#1f9d6b", "#2f6fb5", "#c77700", "#8e5bb0", "#c0362c", "#5f8f00")

CSS = """
:root{--paper:#f3f5f4;--card:#fff;--ink:#16211d;--quiet:#5a6862;--line:#dfe5e2;--lead:#0a6147;--fresh:#1f9d6b;
--ageing:#c77700;--stale:#8a9691;--bad:#c0362c}
body.body--dark{--paper:#101614;--card:#1a2320;--ink:#e7edea;--quiet:#a5b3ad;--line:#2c3834;--lead:#7fd1b0;
--stale:#6b7772;--bad:#ff9d94}
body{background:var(--paper)!important;color:var(--ink);font-family:system-ui,"PingFang SC","Noto Sans CJK SC",
"Microsoft YaHei",sans-serif}
.nicegui-content{padding:0!important}
.bar{background:var(--card)!important;color:var(--ink)!important;border-bottom:1px solid var(--line);
box-shadow:none!important;padding:6px 12px!important;gap:8px;flex-wrap:nowrap!important;align-items:center}
.bar .title{font-size:19px;font-weight:700;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.bar .when{color:var(--quiet);font-size:13px;white-space:nowrap}
.side{background:var(--card)!important;border-right:1px solid var(--line);padding:10px 8px!important;gap:0!important}
.side .group{color:var(--quiet);font-size:12px;padding:14px 12px 4px;letter-spacing:.08em}
.side a{display:flex;align-items:center;gap:12px;min-height:44px;padding:0 12px;border-radius:10px;
color:var(--ink)!important;text-decoration:none!important;width:100%}
.side a:hover{background:var(--paper)}.side a.here{background:#0a61471f;color:var(--lead)!important;font-weight:700}
.sheet{padding:16px;gap:16px;width:100%;align-items:stretch}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px;gap:10px;min-width:0;
box-shadow:none}
.card>h2,.heading{font-size:16px;font-weight:700;line-height:1.4;margin:0}
.quiet{color:var(--quiet);font-size:13px}.mono{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:13px;
overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(210px,100%),1fr));gap:12px;width:100%}
.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:12px 14px;gap:2px;min-width:0;
position:relative}
.tile.opens{cursor:pointer}.tile.opens:hover{border-color:var(--lead)}
.tile .name{color:var(--quiet);font-size:14px;padding-right:28px}
.tile .value{font-size:30px;font-weight:700;line-height:1.2;font-variant-numeric:tabular-nums}
.tile .value.long{font-size:20px;line-height:36px;white-space:nowrap}
.tile .foot{color:var(--quiet);font-size:12px;font-variant-numeric:tabular-nums}
.tile .q-btn{position:absolute;top:4px;right:4px;color:var(--quiet)}
.store{border-left:6px solid var(--fresh)}.store.ageing{border-left-color:var(--ageing)}
.store.stale{border-left-color:var(--stale);color:var(--quiet);background:repeating-linear-gradient(-45deg,
var(--card) 0 10px,var(--paper) 10px 20px)}
.store .value{font-size:26px}.store .name{color:inherit;font-weight:700;font-size:16px}
.pair{display:flex;justify-content:space-between;gap:16px;padding:6px 0;border-top:1px solid var(--line);width:100%}
.pair:first-of-type{border-top:0}.pair .k{color:var(--quiet);min-width:30%}.pair .v{text-align:right;min-width:0;
overflow-wrap:anywhere}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(360px,100%),1fr));gap:16px;width:100%;
align-items:start}
.ok{color:var(--fresh);font-weight:700}.warn{color:var(--ageing);font-weight:700}.bad{color:var(--bad);font-weight:700}
.asked{display:flex;flex-wrap:wrap;gap:10px;align-items:center;width:100%}.asked .q-field{min-width:140px}
.nicegui-aggrid{width:100%;--ag-font-family:inherit}
.ag-theme-quartz,.nicegui-aggrid>div{--ag-font-family:inherit}
.ag-center-cols-viewport{min-height:0!important}
body.body--dark{--q-primary:#2a9a70!important}
.entry{display:flex;flex-direction:column;width:100%;min-height:48px;padding:8px 10px;border-radius:10px;
color:var(--ink)!important;text-decoration:none!important}.entry:hover{background:var(--paper)}
.note{font-size:14px;max-width:72ch}
.none{color:var(--quiet);padding:24px;text-align:center;width:100%}
.wall .tile .value{font-size:clamp(32px,3.6vw,96px)}.wall .tile .name{font-size:clamp(17px,1.7vw,44px)}
.wall .tile .foot{font-size:clamp(14px,1.2vw,32px)}.wall .tiles{gap:1vw;
grid-template-columns:repeat(auto-fill,minmax(min(20vw,100%),1fr))}
.wall .tile{padding:1.4vw 1.4vw}.wall .tile .q-btn{opacity:.6}
@media(max-width:640px){.asked .q-field{flex:1 1 150px}
.sheet{padding:10px;gap:10px}.bar .when{display:none}.wall .tiles{grid-template-columns:1fr}
.tiles{grid-template-columns:repeat(auto-fill,minmax(min(150px,100%),1fr));gap:8px}.tile .value{font-size:24px}}
"""
