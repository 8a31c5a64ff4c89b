/** How likely a hit is the song, in words, and the evidence of each part of the search. */

import { h } from "./dom.js";
import { count } from "./format.js";

const SAID = { sure: "Sure", likely: "Likely", "a guess": "A guess" };
const CLASS = { sure: "sure", likely: "likely", "a guess": "guess" };

/** The probability in a word. */
export function certaintyMark({ certainty }) {
  return h(
    "p",
    { class: `certainty ${CLASS[certainty]}`, "data-testid": "certainty" },
    h("span", { class: "unseen" }, "Is it the song? "),
    SAID[certainty],
  );
}

/** The evidence for a hit, part by part. */
export function evidenceOf(hit) {
  return h(
    "details",
    { class: "why", "data-testid": "why" },
    h("summary", {}, "Why?"),
    h("p", {}, `Probability that it is the song: ${chances(hit.probability)}.`),
    h(
      "dl",
      {},
      (hit.evidence ?? []).map((one) => [h("dt", {}, capital(one.title)), h("dd", {}, said(one))]),
    ),
  );
}

/** How near a song is to another one: the cosine alone, because its evidence has not been measured. */
export const nearness = ({ score }) => h("p", { class: "score-words cosine" }, `cosine ${score.toFixed(2)}`);

function said({ bits, score, closer_than: closer }) {
  const worth = `${odds(bits)} (${bits.toFixed(1)} bits)`;
  // Only the space has a score in units of its own.
  return closer === null ? worth : [worth, h("span", { class: "cosine" }, `, cosine ${score.toFixed(2)}`)];
}

/** Bits in words. */
function odds(bits) {
  const times = 2 ** Math.abs(bits);
  if (times < 1.5) return "no likelier than by chance";
  if (times >= 1e6) return `more than a million times ${bits > 0 ? "likelier" : "less likely"} than by chance`;
  return `${count(Math.round(times))} times ${bits > 0 ? "likelier" : "less likely"} than by chance`;
}

function chances(probability) {
  if (probability > 0.99) return "more than 99 of 100";
  if (probability < 0.01) return "less than 1 of 100";
  return `${Math.round(probability * 100)} of 100`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
