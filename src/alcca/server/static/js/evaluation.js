/** What the library's last evaluation says, for people first, with all figures below. */

import { getEvaluation } from "./api.js";
import { h } from "./dom.js";
import { intervalChart } from "./evaluation-chart.js";
import { evaluationTable } from "./evaluation-table.js";
import { figures, figuresInUse, inWords } from "./evaluation-words.js";
import { count, day, plural } from "./format.js";
import { loadInto, notice, skeleton, withCode } from "./loading.js";
import { libraryStatus } from "./status.js";

const DIRECTIONS = {
  audio: { title: "From a sound to its lyrics", asks: "sound", answers: "lyrics" },
  lyrics: { title: "From lyrics to their sound", asks: "lyrics", answers: "sound" },
};

export async function evaluationView() {
  const status = await libraryStatus();
  const body = h("div", { class: "evaluation", id: "evaluation" });
  const ready = loadInto(body, orNothing, (found) => (found ? render(found, status.model) : nothing()), {
    placeholder: skeleton("chart-box", 2),
  });
  return { element: h("div", {}, h("h1", {}, "How good is it?"), body), title: "How good is it?", ready };
}

/** The evaluation; null if there is none yet, which is no error. */
async function orNothing(signal) {
  try {
    return await getEvaluation(signal);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function nothing() {
  return notice(
    "This library has not been evaluated yet.",
    "Run `alcca evaluate`. It hides each song once, trains on the others, and counts how often the hidden " +
      "song's lyrics are found by its sound, and the other way round. Figures from another library would say " +
      "little about this one.",
  );
}

function render(evaluation, model) {
  const { songs, folds, pool, seeds, evaluated, notes } = evaluation;
  return [
    h(
      "p",
      { class: "lead-words" },
      `${plural(songs, "song")}, split in ${folds} parts. Each part was hidden once while the methods learned ` +
        "from the others; so nothing was tested on songs that it had seen. Each hidden song then had to find its " +
        `own among ${count(Math.round(pool))}.`,
    ),
    h(
      "div",
      { class: "directions" },
      Object.keys(DIRECTIONS).map((direction) => directionPanel(evaluation, direction, model)),
    ),
    h("details", { class: "explain", id: "explain-measures" }, h("summary", {}, "What the figures mean"), glossary()),
    evaluationTable(evaluation.rows),
    notes.map((note) => h("p", { class: "query-note" }, withCode(note))),
    h("p", { class: "hint" }, `Measured ${day(evaluated)}, seed ${seeds.join(", ")}.`),
  ];
}

function directionPanel(evaluation, direction, model) {
  const { title, asks, answers } = DIRECTIONS[direction];
  const all = figures(evaluation.rows, direction);
  if (!all.length) return null;
  const told = figuresInUse(evaluation.rows, direction, model) ?? all[0];
  const sentences = inWords(told, { asks, answers, model });
  return h(
    "section",
    { class: "panel direction", id: `direction-${direction}`, "aria-labelledby": `direction-title-${direction}` },
    h("h2", { id: `direction-title-${direction}` }, title),
    h("p", { class: "big-words" }, sentences.first),
    h("p", {}, sentences.more),
    h("p", { class: sentences.doubtful ? "verdict doubtful" : "verdict" }, sentences.verdict),
    intervalChart(all, { level: "instance", title: "The right song: MRR1 of each method", direction }),
    intervalChart(all, { level: "category", title: "Any song of the same label: MRR1 of each method", direction }),
  );
}

function glossary() {
  const entry = (name, text) => [h("dt", {}, name), h("dd", {}, text)];
  return h(
    "dl",
    { class: "glossary" },
    entry(
      "R@1, R@5, R@10",
      "How often the right song is the first, among the first five, among the first ten. From 0 to 1; 0.12 is " +
        "12 of 100 tries.",
    ),
    entry(
      "MRR1",
      "One divided by the place of the right song, on average: 1 when it always comes first, 0.5 for second " +
        "place, 0.1 for tenth.",
    ),
    entry(
      "Median",
      "The place of the right song in the middle try: half of the tries do better, half do worse. Small is good.",
    ),
    entry(
      "Interval",
      "Other songs would give other figures. In 95 of 100 such repetitions the interval holds the true one.",
    ),
    entry("Guessing", "What songs in random order give."),
    entry(
      "Shuffled",
      "The same method trained on songs whose lyrics were exchanged. What it reaches comes from something else " +
        "than true pairs.",
    ),
    entry(
      "The right song, any song of the label",
      "For the second, each song that shares the label counts as right; that is easier, for guessing too.",
    ),
  );
}
