/** The looks of the report: one column of text, light and dark by the reader's preference, and paper. */
import { palette } from './palette.js';

function variables(at: 0 | 1): string {
  return Object.entries(palette)
    .map(([name, colours]) => `${name}: ${colours[at]};`)
    .join(' ');
}

export function stylesheet(): string {
  return `
:root { color-scheme: light dark; ${variables(0)} }
@media (prefers-color-scheme: dark) { :root { ${variables(1)} } }
@media print { :root { color-scheme: light; ${variables(0)} --ground: #fff; --panel: #fff; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 10px; letter-spacing: -0.005em; max-width: 46ch; }
h3 { font-size: 1.13rem; line-height: 1.3; margin: 0 0 4px; }
h4 { font-size: 0.9rem; font-weight: 600; margin: 0 0 4px; color: var(--ink); }
p, li { max-width: 76ch; }
p { margin: 0 0 10px; }
code { font: 0.9em ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
a { color: var(--sockets); }
a:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--sockets); outline-offset: 2px; }
.quiet { color: var(--quiet); }
nav ol { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); padding: 0; margin: 26px 0 0; list-style: none; }
nav li { border-top: 3px solid var(--ink); padding-top: 10px; max-width: none; }
nav li a { color: inherit; text-decoration: none; font-weight: 600; display: block; margin-bottom: 6px; line-height: 1.3; }
nav li a:hover { text-decoration: underline; }
nav li p { font-size: 0.94rem; margin: 0; }
.noise { border-left: 4px solid var(--bad); padding: 8px 14px; margin: 22px 0 0; background: var(--panel); }
.noise p, .noise ul { margin: 0; }
section.question { margin-top: 64px; padding-top: 26px; border-top: 1px solid var(--rule); }
.number-label { color: var(--quiet); font-size: 0.9rem; margin: 0 0 4px; }
.answer { font-size: 1.16rem; line-height: 1.45; max-width: 66ch; margin: 0 0 14px; font-weight: 500; }
figure { margin: 40px 0 0; }
figure ~ h3, .facts ~ h3 { margin-top: 34px; }
figure > .reading { margin: 0 0 12px; font-size: 0.95rem; }
.asks { font-weight: 600; }
.panels { display: grid; gap: 18px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 470px), 1fr)); align-items: start; }
.panel { background: var(--panel); border-radius: 8px; padding: 14px 14px 8px; min-width: 0; overflow-x: auto; }
.panel svg { display: block; max-width: 100%; height: auto; }
.panel:only-child { justify-self: start; max-width: 100%; padding-right: 32px; }
.panel.wide { grid-column: 1 / -1; }
figcaption { margin-top: 8px; font-size: 0.84rem; color: var(--quiet); }
figcaption p { margin: 0 0 2px; max-width: 110ch; }
details { margin-top: 8px; }
.paper { display: none; }
summary { cursor: pointer; font-size: 0.9rem; color: var(--quiet); padding: 4px 0; width: fit-content; }
summary:hover { color: var(--ink); }
.scroll { overflow-x: auto; margin: 8px 0 14px; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; line-height: 1.35; }
caption { text-align: left; color: var(--quiet); padding: 0 0 6px; font-size: 0.86rem; }
th, td { padding: 4px 14px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
thead th { font-weight: 600; color: var(--quiet); vertical-align: bottom; border-bottom: 1px solid var(--quiet); }
tbody th { font-weight: 500; }
.key td { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; }
.heat { text-align: center; white-space: nowrap; padding: 6px 12px; border: 2px solid var(--ground); border-radius: 4px;
  background: color-mix(in oklab, var(--bus) calc(var(--heat) * 0.62), var(--panel)); }
.words td { min-width: 12em; max-width: 44em; }
pre { overflow-x: auto; background: var(--panel); border-radius: 8px; padding: 14px; font: 0.82rem/1.3 ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; margin: 0 0 10px; }
.facts { display: grid; gap: 0 34px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
footer { margin-top: 60px; padding-bottom: 60px; color: var(--quiet); font-size: 0.9rem; }
@media (max-width: 600px) {
  main, header, footer { padding: 0 14px; }
  header { padding-top: 26px; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.28rem; }
  .panel { padding: 10px 6px 4px; }
  .panel svg { min-width: 460px; }
  section.question { margin-top: 44px; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10.5pt; }
  main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  .panels { grid-template-columns: 1fr 1fr; gap: 10px; }
  .panel { border: 1px solid var(--rule); break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  figure > .reading, figure > h3 { break-after: avoid; }
  tr, figcaption { break-inside: avoid; }
  table { font-size: 7.5pt; }
  th, td { padding: 2px 7px 2px 0; }
  .scroll { overflow: visible; }
  table, caption { max-width: 100%; }
  .number, .heat { white-space: normal; }
  .heat { padding: 3px 5px; }
  details { display: none; }
  .paper { display: block; }
  section.question { margin-top: 24pt; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;
}
