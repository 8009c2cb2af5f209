export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 8h14M4 4v8M12 4v8" stroke="#2f6feb" stroke-width="2" fill="none"/></svg>`;

/** Of all pages. Colours are chosen so that each text has a contrast of at least 4.5 to its ground, light and dark. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#f3f5f7;--card:#fff;--text:#1b1f24;--quiet:#545d68;--line:#c9d1d9;--link:#0550ae;--ok:#116329;--degraded:#7d4e00;--down:#b3261e;--mark:#fff1f0;--meter:#dfe4ea}
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--card:#161b22;--text:#e6edf3;--quiet:#9ea7b3;--line:#3d444d;--link:#79b8ff;--ok:#56d364;--degraded:#e3b341;--down:#ff938a;--mark:#2d1517;--meter:#30363d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:center;padding:.75rem 1rem;background:var(--card);border-bottom:1px solid var(--line)}
h1{font-size:1.2rem;margin:0}
h2{font-size:1.05rem;margin:0 0 .25rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
nav{display:flex;gap:1rem;flex:1 0 auto}
nav a{white-space:nowrap}
nav [aria-current]{color:var(--text);font-weight:600}
main{padding:1rem;max-width:78rem;margin:0 auto;display:grid;gap:1rem}
main.narrow{max-width:26rem}
footer{padding:0 1rem 1.5rem;max-width:78rem;margin:0 auto}
p{margin:.25rem 0}
ul,ol{margin:.25rem 0;padding-left:1.2rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;min-width:0}
.quiet{color:var(--quiet)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.skip{position:absolute;left:-99rem}
.skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.5rem;z-index:1}
.badge{font-size:.85rem;font-weight:600;border:1px solid currentColor;border-radius:99px;padding:.05rem .6rem;white-space:nowrap}
.ok{color:var(--ok)}.degraded{color:var(--degraded)}.down{color:var(--down)}
.trouble{color:var(--down)}
.trouble .quiet,.trouble br~*{color:var(--quiet)}
.flow{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem 1.4rem;margin:.75rem 0}
.flow li{position:relative;border:1px solid var(--line);border-radius:6px;padding:.4rem .6rem;display:flex;flex-direction:column;min-width:7.5rem;color:var(--text)}
.flow .end{border-width:2px}
.flow .ok{border-color:var(--ok)}.flow .degraded{border-color:var(--degraded);border-style:dashed}.flow .down{border-color:var(--down);border-style:dashed}
.flow .ok .word{color:var(--ok)}.flow .degraded .word{color:var(--degraded)}.flow .down .word{color:var(--down)}
.flow li+li::before{content:"";position:absolute;left:-1.15rem;top:50%;width:.55rem;height:.55rem;border:solid var(--quiet);border-width:2px 2px 0 0;transform:translateY(-50%) rotate(45deg)}
.kind,.rate,.address,.word{font-size:.8rem}
.kind,.rate,.address{color:var(--quiet)}
.bars{display:grid;gap:.25rem;margin:.5rem 0}
.bar{display:grid;grid-template-columns:9rem minmax(6rem,16rem) 1fr;gap:.6rem;align-items:center;font-size:.9rem}
meter{width:100%;height:.8rem;background:var(--meter);border:0;border-radius:4px}
meter::-webkit-meter-bar{background:var(--meter);border:0;border-radius:4px;height:.8rem}
meter::-webkit-meter-optimum-value{background:var(--ok)}
meter::-webkit-meter-suboptimum-value{background:var(--degraded)}
meter::-webkit-meter-even-less-good-value{background:var(--down)}
meter:-moz-meter-optimum::-moz-meter-bar{background:var(--ok)}
meter:-moz-meter-sub-optimum::-moz-meter-bar{background:var(--degraded)}
meter:-moz-meter-sub-sub-optimum::-moz-meter-bar{background:var(--down)}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(7rem,1fr));gap:.4rem .8rem;margin:.75rem 0 .25rem}
.numbers div{border-left:3px solid var(--line);padding-left:.5rem}
.numbers .marked{border-color:var(--down)}
.numbers dt{font-size:.8rem;color:var(--quiet)}
.numbers dd{margin:0;font-variant-numeric:tabular-nums;font-weight:600}
.sparks{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;margin-top:.5rem}
.spark{margin:0}
.spark figcaption{font-size:.8rem}
.spark svg{display:block;width:100%;height:2rem;border-bottom:1px solid var(--line)}
.spark polyline{fill:none;stroke:var(--link);stroke-width:1.5}
.errors,.parts{list-style:none;padding:0}
.errors li{border-top:1px solid var(--line);padding:.4rem 0}
.errors li:first-child{border:0}
.remedy{border-left:3px solid var(--link);padding-left:.6rem}
.parts li.ok{color:var(--text)}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.code{white-space:nowrap}
.facts{grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}
th{color:var(--quiet);font-weight:600;white-space:nowrap}
td.figure{font-variant-numeric:tabular-nums;white-space:nowrap}
pre{background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:.6rem;overflow-x:auto;font-size:.85rem;line-height:1.4;overflow-wrap:normal}
pre mark{background:var(--mark);color:var(--down);font-weight:600}
form.card,.stack{display:grid;gap:.6rem}
.actions{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin-top:.75rem}
input,select,button{font:inherit;color:var(--text);background:var(--card);border:1px solid var(--quiet);border-radius:6px;padding:.35rem .7rem}
input[type=checkbox]{width:1.1rem;height:1.1rem}
button{cursor:pointer}
button.danger{color:var(--down);border-color:var(--down)}
button.plain{border:0;background:none;color:var(--link);text-decoration:underline;padding:.2rem}
@media (max-width:40rem){main{padding:.6rem}.bar{grid-template-columns:1fr}.flow{flex-direction:column}.flow li+li::before{left:1rem;top:-.55rem;transform:translateY(-50%) rotate(135deg)}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important;scroll-behavior:auto!important}}
`;
