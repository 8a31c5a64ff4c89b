/** The marks of the labels: each has a colour and a shape, so that colour is never the only sign. */

import { svg } from "./dom.js";

/** How many labels have a mark of their own. */
export const MARKS = 10;

// Within a square from -1 to 1.
const PATHS = [
  "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0Z",
  "M0-1.1L1.1 .9L-1.1 .9Z",
  "M-.88-.88H.88V.88H-.88Z",
  "M0-1.25L1.1 0L0 1.25L-1.1 0Z",
  "M-.4-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
];

const pathOf = (group) => PATHS[group === MARKS ? 0 : group % PATHS.length];

/** The mark for a legend. */
export function legendMark(group) {
  return svg(
    "svg",
    { viewBox: "-1.4 -1.4 2.8 2.8", class: `mark mark-${group}`, "aria-hidden": "true" },
    svg("path", { d: pathOf(group), fill: "currentColor" }),
  );
}

/** A small picture of a mark; ten thousand copies of it are drawn faster than ten thousand paths. */
export function sprite(group, colour, rim, radius, ratio) {
  const size = Math.ceil(2 * (radius * 1.3 + 1) * ratio);
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  context.translate(size / 2, size / 2);
  context.scale(radius * ratio, radius * ratio);
  const path = new Path2D(pathOf(group));
  context.fillStyle = colour;
  context.strokeStyle = rim;
  context.lineWidth = 0.9 / radius;
  context.fill(path);
  context.stroke(path);
  return canvas;
}
