/** The labels and their marks; a press on one makes it stand out. */

import { h } from "./dom.js";
import { count } from "./format.js";
import { legendMark, MARKS } from "./map-shapes.js";

/**
 * @param {{labels: string[]}} map
 * @param {{group: Uint8Array}} points
 * @param {Set<number>} chosen the groups that stand out, changed in place
 * @param {() => void} redraw
 */
export function mapLegend(map, points, chosen, redraw) {
  const sizes = new Array(MARKS + 1).fill(0);
  for (const group of points.group) sizes[group] += 1;
  const rest = map.labels.length > MARKS ? `${map.labels.length - MARKS} other labels, or none` : "No label";

  function entry(group, name) {
    const press = ({ currentTarget }) => {
      const now = !chosen.delete(group) && Boolean(chosen.add(group));
      currentTarget.setAttribute("aria-pressed", String(now));
      redraw();
    };
    const button = h(
      "button",
      { type: "button", class: "legend-entry", id: `legend-${group}`, "aria-pressed": "false", on: { click: press } },
      legendMark(group),
      h("span", { class: "legend-name" }, name),
      h("span", { class: "legend-count" }, count(sizes[group])),
    );
    return h("li", {}, button);
  }

  const named = map.labels.slice(0, MARKS).map((name, group) => entry(group, name));
  return h(
    "section",
    { class: "legend", id: "map-legend", "aria-labelledby": "legend-title" },
    h("h2", { id: "legend-title" }, "Labels"),
    h("ul", {}, named, sizes[MARKS] > 0 && entry(MARKS, rest)),
  );
}
