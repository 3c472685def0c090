#!/usr/bin/env bash
# Draws docs/scaling.svg from docs/scaling.csv: a backlog and the pods that come and go for it, second by second, since the recorder
# was resumed. Columns: seconds, events not yet recorded, pods that are wanted, pods that are ready.
#
# usage: tools/scaling-picture.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
awk -F, '
function x(seconds) { return sprintf("%.1f", 70 + (seconds + 3) * 720 / 333) }
function lag_y(events) { return sprintf("%.1f", 190 - events * 150 / 600000) }
function pods_y(pods) { return sprintf("%.1f", 360 - pods * 120 / 12) }
function text(class, anchor, at_x, at_y, words) { printf "  <text class=\"%s\" text-anchor=\"%s\" x=\"%s\" y=\"%s\">%s</text>\n", class, anchor, at_x, at_y, words }
function rule(at_y) { printf "  <path class=\"rule\" d=\"M70 %sH790\"/>\n", at_y }
NR == 1 { next }
{ t = $1 + 0; lag = lag " L" x(t) " " lag_y($2); pods = pods (n ? " H" x(t) " V" : "M" x(t) " ") pods_y($3); ready = ready (n ? " H" x(t) " V" : "M" x(t) " ") pods_y($4); last = t; n++ }
END {
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 820 410\" role=\"img\" aria-labelledby=\"title\">"
  print "  <title id=\"title\">A backlog of 600,000 purchases: its lag falls to nothing within a minute, while the recorder goes from 1 pod to 5 and 10, and then down by one a minute</title>"
  print "  <style>"
  print "    text { font: 13px system-ui, sans-serif; fill: #59636e } .head { font-weight: 600; fill: #1f2328 } .rule { stroke: #d1d9e0 } path { fill: none; stroke-width: 1 }"
  print "    .lag { fill: #0969da; fill-opacity: .2; stroke: #0969da; stroke-width: 2 } .pods { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 5 3 } .ready { stroke: #1a7f37; stroke-width: 2.5 }"
  print "    .wanted { fill: #bc4c00 } .running { fill: #1a7f37 }"
  print "    @media (prefers-color-scheme: dark) { text { fill: #9198a1 } .head { fill: #f0f6fc } .rule { stroke: #3d444d }"
  print "      .lag { fill: #4493f8; stroke: #4493f8 } .pods { stroke: #db6d28 } .ready { stroke: #3fb950 } .wanted { fill: #db6d28 } .running { fill: #3fb950 } }"
  print "  </style>"
  text("head", "start", 70, 26, "purchases not yet recorded")
  for (events = 0; events <= 600000; events += 200000) { rule(lag_y(events)); text("", "end", 62, lag_y(events) + 4, events ? events / 1000 ",000" : 0) }
  printf "  <path class=\"lag\" d=\"M%s %s%s L%s %s Z\"/>\n", x(-3), lag_y(0), lag, x(last), lag_y(0)
  text("head", "start", 70, 226, "recorders")
  text("wanted", "start", 150, 226, "wanted")
  text("running", "start", 204, 226, "ready")
  for (count = 0; count <= 12; count += 4) { rule(pods_y(count)); text("", "end", 62, pods_y(count) + 4, count) }
  printf "  <path class=\"pods\" d=\"%s\"/>\n  <path class=\"ready\" d=\"%s\"/>\n", pods, ready
  for (seconds = 0; seconds <= 300; seconds += 60) text("", "middle", x(seconds), 384, seconds ? seconds / 60 " min" : "resumed")
  print "</svg>"
}' docs/scaling.csv >docs/scaling.svg
