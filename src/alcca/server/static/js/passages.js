/** Lines that match a query: their words marked, when they are sung, and the way to hear them. */

import { h, replace } from "./dom.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";

// As many as a card has room for.
const MOST = 3;

/**
 * @param {Array<Object>} passages of a hit, best first
 * @param {{play: ?(seconds: number) => void, said: (time: string) => string}} sound `play` plays what the times are of,
 *   `said` says what that is
 */
export function passageList(passages, { play, said }) {
  const shown = distinct(passages).slice(0, MOST);
  return h(
    "ul",
    { class: "passages", "data-testid": "passage" },
    shown.map((passage) =>
      h(
        "li",
        {},
        h("span", { class: "passage-line", dir: "auto" }, marked(passage.line, passage.words)),
        passage.start !== null && playButton(passage.start, play, said),
      ),
    ),
  );
}

/** A refrain stands in a card once. */
function distinct(passages) {
  const seen = new Set();
  return passages.filter(({ line }) => !seen.has(line) && seen.add(line));
}

/** "sung at 0:41", which plays from there where there is something to play. */
export function playButton(seconds, play, said) {
  const time = said(clock(seconds));
  if (!play) return h("span", { class: "sung-at" }, time);
  const label = `${time}, play from there`;
  const button = h("button", {
    type: "button",
    class: "sung-at",
    "data-testid": "play-from",
    "aria-label": label,
    on: { click: () => play(seconds) },
  });
  button.append(icon("play"), time);
  return button;
}

/**
 * Put the lines that fit a query best into a card that shows the first line of its song.
 * @param {HTMLElement} card
 * @param {Array<{text: string, words: string[]}>} lines
 */
export function showNearest(card, lines) {
  const passage = card.querySelector(".passage");
  if (!passage || !lines?.length) return;
  replace(
    passage,
    lines.flatMap((line, index) => [index > 0 && h("br"), ...marked(line.text, line.words)]),
  );
  passage.classList.add("best");
}

/** A line with each of some of its words marked. */
export function marked(text, words) {
  if (!words.length) return [text];
  const longestFirst = [...new Set(words)].sort((one, other) => other.length - one.length);
  const any = longestFirst.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(${any})(?![\\p{L}\\p{N}])`, "gu");
  // Split by a group, every second piece is a shared word.
  return text.split(found).map((piece, index) => (index % 2 ? h("mark", {}, piece) : piece));
}
