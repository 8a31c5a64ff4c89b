/** A bar for each method with its interval, and a line where guessing stands. */

import { h } from "./dom.js";
import { includesChance, withComponents } from "./evaluation-words.js";

const STEPS = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
const TICKS = 4;

/**
 * @param {Array} all figures of the methods
 * @param {{level: string, title: string, direction: string}} options
 * @returns {?HTMLElement} null when no method has an MRR1 at this level
 */
export function intervalChart(all, { level, title, direction }) {
  const shown = all.filter((one) => one[level].MRR1);
  if (!shown.length) return null;
  const most = Math.max(...shown.map((one) => Math.max(one[level].MRR1.high, one[level].MRR1.chance ?? 0)));
  const step = STEPS.find((size) => size * TICKS >= most) ?? 1;
  const end = Math.min(1, Math.ceil(most / step - 1e-9) * step);
  const name = `chart-${direction}-${level}`;
  return h(
    "figure",
    { class: "chart", id: name },
    h("figcaption", {}, title),
    h(
      "ul",
      {},
      shown.map((one) => bar(one, one[level].MRR1, end)),
    ),
    axis(step, end),
  );
}

function bar({ method, components }, row, end) {
  const at = (element, from, to) => {
    element.style.left = `${(100 * from) / end}%`;
    element.style.width = `${(100 * (to - from)) / end}%`;
    return element;
  };
  const doubtful = includesChance(row);
  const chance = row.chance === null ? "" : `, guessing ${row.chance.toFixed(3)}`;
  const drawn = h(
    "div",
    { class: "chart-track", "aria-hidden": "true" },
    at(h("div", { class: doubtful ? "chart-bar doubtful" : "chart-bar" }), 0, row.value),
    at(h("div", { class: "chart-interval" }), row.low, row.high),
    row.chance !== null && at(h("div", { class: "chart-chance" }), row.chance, row.chance),
  );
  return h(
    "li",
    { class: "chart-row" },
    h("span", { class: "chart-name" }, method, h("span", { class: "unseen" }, `${withComponents(components)}: `)),
    drawn,
    h(
      "span",
      { class: "chart-value" },
      row.value.toFixed(3),
      h(
        "span",
        { class: "unseen" },
        `, interval ${row.low.toFixed(3)} to ` +
          `${row.high.toFixed(3)}${chance}${doubtful ? ", not clearly better than guessing" : ""}`,
      ),
    ),
  );
}

function axis(step, end) {
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  const labels = ticks.map((tick) => {
    const label = h("span", { class: "chart-tick" }, tick === 0 ? "0" : String(Number(tick.toFixed(2))));
    label.style.left = `${(100 * tick) / end}%`;
    return label;
  });
  const key = h(
    "p",
    { class: "chart-key" },
    h("span", { class: "key-interval" }),
    "95% interval",
    h("span", { class: "key-chance" }),
    "guessing",
  );
  return h("div", { class: "chart-foot", "aria-hidden": "true" }, h("div", { class: "chart-axis" }, labels), key);
}
