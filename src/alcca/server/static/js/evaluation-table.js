/** Every figure of the evaluation, narrowed by direction, level and method. */

import { h, replace } from "./dom.js";
import { includesChance } from "./evaluation-words.js";
import { field } from "./filters.js";
import { count, plural } from "./format.js";

const WORDS = {
  components: { 0: "–" },
  direction: { audio: "sound to lyrics", lyrics: "lyrics to sound" },
  level: { instance: "the right song", category: "same label" },
};
const HEADS = [
  "Method",
  "Components",
  "Direction",
  "Found",
  "Measure",
  "Value",
  "95% interval",
  "Guessing",
  "Shuffled",
];

export function evaluationTable(rows) {
  const chosen = { method: "", components: "", direction: "", level: "", measure: "" };
  const body = h("tbody", {});
  const line = h("p", { class: "results-line", role: "status" });

  function show() {
    const seen = rows.filter((row) =>
      Object.entries(chosen).every(([column, value]) => !value || String(row[column]) === value),
    );
    replace(body, seen.map(tableRow));
    const shown = `${count(seen.length)} of ${plural(rows.length, "figure")}.`;
    line.textContent = `${shown} In grey: the interval includes guessing.`;
  }

  function choice(column, title) {
    const change = ({ currentTarget }) => {
      chosen[column] = currentTarget.value;
      show();
    };
    const values = [...new Set(rows.map((row) => row[column]))];
    const options = values.map((value) => h("option", { value }, WORDS[column]?.[value] ?? String(value)));
    return field(
      title,
      h("select", { id: `table-${column}`, on: { change } }, h("option", { value: "" }, "All"), options),
    );
  }

  show();
  return h(
    "details",
    { class: "explain", id: "all-figures" },
    h("summary", {}, "All figures"),
    h(
      "div",
      { class: "filters" },
      choice("method", "Method"),
      choice("components", "Components"),
      choice("direction", "Direction"),
      choice("level", "Found"),
      choice("measure", "Measure"),
    ),
    line,
    h(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "All figures" },
      h(
        "table",
        { id: "figures" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            HEADS.map((head) => h("th", { scope: "col" }, head)),
          ),
        ),
        body,
      ),
    ),
  );
}

function tableRow(row) {
  const places = row.measure === "median" ? 1 : 3;
  const number = (value) => (value === null ? "–" : value.toFixed(places));
  // A median rank is good when it is small.
  const doubtful = row.measure === "median" ? row.chance !== null && row.high >= row.chance : includesChance(row);
  const cells = [row.components || "–", WORDS.direction[row.direction], WORDS.level[row.level], row.measure];
  return h(
    "tr",
    { class: doubtful && "doubtful" },
    h("th", { scope: "row" }, row.method),
    cells.map((cell) => h("td", {}, String(cell))),
    [number(row.value), `${number(row.low)} – ${number(row.high)}`, number(row.chance), number(row.shuffled)].map(
      (cell) => h("td", { class: "number" }, cell),
    ),
  );
}
