/** The few pictures of the page, drawn in the colour of the text beside them. */

import { svg } from "./dom.js";

const SHAPES = {
  play: [["path", { d: "M8 5.5v13l10.5-6.5z", fill: "currentColor", stroke: "none" }]],
  pause: [["path", { d: "M8.5 6v12M15.5 6v12", "stroke-width": 3.2 }]],
  microphone: [
    ["rect", { x: 9, y: 3.5, width: 6, height: 11, rx: 3 }],
    ["path", { d: "M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" }],
  ],
  stop: [["rect", { x: 7, y: 7, width: 10, height: 10, rx: 1.5, fill: "currentColor" }]],
  file: [
    ["path", { d: "M12 15.5V4.5M7.5 9 12 4.5 16.5 9M5 15.5v3a1.5 1.5 0 0 0 1.5 1.5h11a1.5 1.5 0 0 0 1.5-1.5v-3" }],
  ],
  theme: [
    ["circle", { cx: 12, cy: 12, r: 8 }],
    ["path", { d: "M12 4a8 8 0 0 1 0 16z", fill: "currentColor" }],
  ],
};

export function icon(name) {
  const shapes = SHAPES[name].map(([tag, attributes]) => svg(tag, attributes));
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, shapes);
}
