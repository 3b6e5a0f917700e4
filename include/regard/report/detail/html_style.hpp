// SPDX-License-Identifier: MIT
// The style sheet of the HTML report.
#pragma once

#include <regard/version.hpp>

#include <string_view>

namespace regard::inline REGARD_ABI {
namespace detail::report {

// Hues are the blue and the vermilion of Okabe and Ito's colour-blind-safe palette (lighter ones in dark
// mode);
// `--v` is |value| over the largest |value|. A full shade is `--shade` opaque, which keeps the contrast of
// the text on it above 4.5 in either mode.
inline constexpr std::string_view html_style = R"css(
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #59626c; --line: #d4d9df; --panel: #f5f7f9;
  --plus: 0 114 178; --minus: 213 94 0; --shade: .48 }
@media (prefers-color-scheme: dark) { :root { --page: #15181c; --ink: #eceff2; --soft: #9fa9b3; --line: #363d45;
  --panel: #1d2227; --plus: 70 160 225; --minus: 235 125 40; --shade: .46 } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif }
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem }
h1, .title { font-size: 1.75rem; line-height: 1.25; font-weight: 650; margin: 0 0 .5rem; overflow-wrap: anywhere }
.section { font-size: 1.0625rem; font-weight: 650; margin: 2.25rem 0 .5rem }
p { margin: 0 0 .75rem }
a { color: inherit; text-underline-offset: .15em }
h1 + .scroll { margin: 1rem 0 3.5rem }
article + article { margin-top: 3.5rem; padding-top: 2.5rem; border-top: 3px solid var(--line) }
.lead { font-size: 1.0625rem; overflow-wrap: anywhere }
.which { margin: 0 }
.soft, .which, .legend { color: var(--soft); font-size: .875rem }
.notices { margin: 1.25rem 0 0; padding: .75rem 1rem .75rem 2rem; border: 1px solid var(--line);
  border-left: 4px solid var(--ink); background: var(--panel) }
.sentence { font-size: 1.1875rem; line-height: 2.1; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .5rem }
.tokens { line-height: 2.3; margin: 0 0 .5rem; overflow-wrap: anywhere }
.sentence .mark { padding-left: 0; padding-right: 0 }
.scroll + .legend { margin-top: .5rem }
.legend .mark { white-space: nowrap; color: var(--ink); margin-right: .75em }
.mark { padding: .1em .2em .02em; border-radius: 2px 2px 0 0; -webkit-box-decoration-break: clone; box-decoration-break: clone;
  -webkit-print-color-adjust: exact; print-color-adjust: exact }
.plus { background: rgb(var(--plus) / calc(var(--v) * var(--shade)));
  border-bottom: calc(var(--v) * 4px) solid rgb(var(--plus)) }
.minus { background: rgb(var(--minus) / calc(var(--v) * var(--shade)));
  border-bottom: calc(var(--v) * 4px) dashed rgb(var(--minus)) }
.token, .piece { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  font-size: .875rem; unicode-bidi: isolate; white-space: pre-wrap }
.token { margin-right: .3rem; padding-left: .3em; padding-right: .3em }
.other { color: var(--soft); border: 1px dotted var(--soft) }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin: 0 0 .75rem }
.figures figure { margin: 0 } .figures img { width: 100%; height: auto; display: block; border-radius: 4px }
.figures .small { image-rendering: pixelated } .figures figcaption { color: var(--soft); font-size: .875rem; margin-top: .25rem }
.scroll { overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: 4px }
table { width: 100%; border-collapse: collapse; font-size: .9375rem }
th { position: sticky; top: 0; z-index: 1; background: var(--panel); color: var(--soft); font-size: .8125rem; font-weight: 600;
  text-align: left; white-space: nowrap }
th, td { padding: .3rem .75rem; vertical-align: middle }
td { border-top: 1px solid var(--line); overflow-wrap: break-word }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: pre; width: 1% }
.name { min-width: 6.5rem; max-width: 16rem }
.name .piece { overflow-wrap: anywhere } .name .whole { white-space: nowrap }
.chart { width: 46%; min-width: 7rem }
.track { display: block; position: relative; height: 1rem }
.bar, .axis { position: absolute; top: 0; bottom: 0; -webkit-print-color-adjust: exact; print-color-adjust: exact }
.bar { left: var(--x); width: var(--w); background: rgb(var(--plus)) }
.bar.against { background: repeating-linear-gradient(135deg, rgb(var(--minus)) 0 4px, rgb(var(--minus) / .6) 4px 7px) }
.bar.class { background: var(--soft) }
.axis { left: var(--x); width: 1px; top: -.3rem; bottom: -.3rem; background: var(--soft) }
.tag { color: var(--soft); font-size: .8125rem; white-space: nowrap }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem 1.5rem; list-style: none;
  margin: 0; padding: .875rem .75rem; border: 1px solid var(--line); border-radius: 4px }
.facts li { overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
.term { display: block; color: var(--soft); font-size: .8125rem }
footer { margin-top: 3rem; color: var(--soft); font-size: .875rem }
@media (max-width: 36rem) { main { padding: 1.5rem 1rem 2rem } .wide { display: none } .lead { font-size: 1rem }
  .facts { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); column-gap: 1rem } th, td { padding: .3rem .5rem }
  .chart { min-width: 5rem } .tag { white-space: normal } }
@media print { :root { color-scheme: light; --page: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #fff;
  --plus: 0 114 178; --minus: 213 94 0; --shade: .4 }
  main { max-width: none; padding: 0 } .scroll { overflow: visible; max-height: none } th { position: static } th, td { padding: .1rem .5rem }
  table { font-size: .8125rem } .track { height: .7rem } .axis { top: -.1rem; bottom: -.1rem }
  thead { display: table-header-group } tr, .facts li, .notices { break-inside: avoid } .section { break-after: avoid }
  h1 + .scroll { margin: 1rem 0 3.5rem }
article + article { break-before: page; border: 0; padding: 0; margin: 0 } }
)css";

} // namespace detail::report
} // namespace regard::inline REGARD_ABI
