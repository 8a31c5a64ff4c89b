/** A song as a card: what it is, how near it is to the query, the lines that fit, its recording, what to do next. */

import { audioOf } from "./api.js";
import { h, replace } from "./dom.js";
import { clock, named, percent } from "./format.js";
import { player } from "./player.js";
import { likeAddress, mapAddress, songAddress } from "./routes.js";

/**
 * @param {Object} song
 * @param {{hit: ?Object, place: string, tag: string, heading: string}} [options] `hit` adds rank and score, `place` is
 *   "list" or "map", `heading` the level of the title
 */
export function songCard(song, { hit = null, place = "list", tag = "li", heading = "h3" } = {}) {
  const title = h(
    heading,
    { class: "card-title" },
    h("a", { href: songAddress(song.id), id: `${place}-song-${song.id}`, "data-testid": "song-link" }, song.title),
  );
  return h(
    tag,
    { class: `card ${place}-card`, "data-testid": "card", "data-song": song.id },
    h(
      "div",
      { class: "card-head" },
      hit && h("span", { class: "rank" }, h("span", { class: "unseen" }, "Number "), String(hit.rank)),
      h("div", { class: "card-names" }, title, facts(song)),
    ),
    h("div", { class: "card-side" }, hit && score(hit), recording(song, place)),
    words(song),
    actions(song, place),
  );
}

/** Artist, album, label and duration in one line. */
export function facts(song) {
  return h(
    "p",
    { class: "facts" },
    h("span", { class: song.artist ? "artist" : "artist unknown" }, song.artist ?? "Unknown artist"),
    song.album && h("span", {}, song.album),
    song.label && h("span", { class: "chip" }, song.label),
    song.seconds !== null && h("span", {}, clock(song.seconds)),
  );
}

function score({ closer_than: closer, score: cosine }) {
  const bar = h("div", { class: "bar", "aria-hidden": "true" }, h("div", { class: "bar-fill" }));
  bar.firstChild.style.width = `${closer * 100}%`;
  return h(
    "div",
    { class: "score", "data-testid": "score" },
    h(
      "p",
      { class: "score-words" },
      "closer than ",
      h("strong", {}, percent(closer)),
      " of the library",
      h("span", { class: "cosine" }, ` ${cosine.toFixed(2)}`),
    ),
    bar,
  );
}

/** The song's player, or that there is no recording. */
export function recording(song, place) {
  if (!song.has_audio) return h("p", { class: "hint no-audio" }, "No recording");
  return player(audioOf(song.id), { name: named(song), id: `${place}-${song.id}`, seconds: song.seconds }).element;
}

function words(song) {
  const line = song.has_lyrics ? song.line : "No lyrics";
  return h("p", { class: song.has_lyrics ? "passage" : "passage none", "data-testid": "passage", dir: "auto" }, line);
}

/**
 * Put the lines that fit a query best into a card, with the shared words marked.
 * @param {HTMLElement} card
 * @param {Array<{text: string, words: string[]}>} lines
 */
export function showPassage(card, lines) {
  const passage = card.querySelector(".passage");
  if (!lines?.length) return;
  replace(
    passage,
    lines.flatMap((line, index) => [index > 0 && h("br"), ...marked(line)]),
  );
  passage.classList.add("best");
}

function marked({ text, words: shared }) {
  if (!shared.length) return [text];
  const longestFirst = [...new Set(shared)].sort((one, other) => other.length - one.length);
  const any = longestFirst.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(${any})(?![\\p{L}\\p{N}])`, "gu");
  // Split by a group, every second piece is a shared word.
  return text.split(found).map((piece, index) => (index % 2 ? h("mark", {}, piece) : piece));
}

/** Where a person can go from a song. */
export function actions(song, place, { map = place !== "map" } = {}) {
  const go = (href, id, text) => h("a", { href, id: `${place}-${id}-${song.id}`, "data-testid": id }, text);
  return h(
    "p",
    { class: "actions" },
    song.has_audio && go(likeAddress(song.id, "audio"), "like-audio", "Songs that sound like this"),
    song.has_lyrics && go(likeAddress(song.id, "lyrics"), "like-lyrics", "Songs with lyrics like this"),
    map && go(mapAddress(song.id), "on-map", "On the map"),
  );
}
