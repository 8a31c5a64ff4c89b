/** The hits of a search. */

import { findPassages } from "./api.js";
import { songCard } from "./cards.js";
import { announce, h } from "./dom.js";
import { count, plural } from "./format.js";
import { loadInto, notice, skeleton } from "./loading.js";
import { showNearest } from "./passages.js";

// As many placeholders as fill a screen.
const PLACEHOLDERS = 4;

export const cardSkeletons = () => skeleton("card-box", PLACEHOLDERS);

/**
 * Search, and show the hits.
 * @param {HTMLElement} region
 * @param {(signal: AbortSignal) => Promise<Object>} search gives a search result
 * @param {{title: string, lyrics: ?string, explained: ?boolean}} options `lyrics` is the text of the query,
 *   `explained` tells whether the hits have a certainty
 */
export function showResults(region, search, { title, lyrics = null, explained = false }) {
  const placeholder = h(
    "div",
    {},
    h("h2", {}, title),
    h("p", { class: "results-line" }, "Searching…"),
    cardSkeletons(),
  );
  const render = (result) => [
    h("h2", { id: "results-title" }, title),
    found(result, { lyrics, signal: region.loading.signal, said: `${title}: ` }),
    explained && result.hits.length > 0 && explanation(),
  ];
  return loadInto(region, search, render, { placeholder });
}

/**
 * The hits as cards, with a line about them.
 * @param {Object} result
 * @param {{lyrics: ?string, signal: AbortSignal, clip: ?Object, said: string}} options `clip` plays the recording that was
 *   searched by, `said` comes before what is announced
 */
export function found(result, { lyrics = null, signal, clip = null, said = "" }) {
  const { hits, among, took_ms: took, notes } = result;
  const remarks = notes.map((note) => h("p", { class: "query-note" }, note));
  if (!hits.length) {
    announce("Nothing found");
    return [remarks, nothing(result)];
  }
  const list = h(
    "ol",
    { class: "cards", id: "results-list" },
    hits.map((hit) => songCard(hit.song, { hit, clip })),
  );
  const sure = hits[0].certainty ? `, ${hits[0].certainty}` : "";
  announce(`${said}${plural(hits.length, "song")}. The first is ${hits[0].song.title}${sure}`);
  addNearest(list, result, lyrics, signal);
  const line = `The first ${count(hits.length)} of ${plural(among, "song")}, in ${count(Math.round(took))} ms.`;
  return [h("p", { class: "results-line", id: "results-line" }, line), remarks, list];
}

function nothing({ among }) {
  return among
    ? notice("Nothing fits.", "No song shares words with this query. Try other words, or a longer recording.")
    : notice(
        "No song matches the filters.",
        "None of the library's songs has this label and artist and can be compared. Clear the filters.",
      );
}

/** For hits without matching words, show the lines that are nearest in the space. */
async function addNearest(list, { query, hits }, lyrics, signal) {
  const songs = hits.filter((hit) => hit.song.has_lyrics && !hit.passages?.length).map((hit) => hit.song.id);
  if (!songs.length || query === null) return;
  try {
    const { passages } = await findPassages(query, songs, lyrics, signal);
    for (const card of list.children) showNearest(card, passages[card.dataset.song]);
  } catch {
    // The cards already show the first line of each song, so a failure here needs no message.
  }
}

export function explanation() {
  return h(
    "details",
    { class: "explain", id: "explain-score" },
    h("summary", {}, "What “sure” means"),
    h(
      "p",
      {},
      "Each part of the search says in bits how much likelier a song is than by chance; ten bits are a thousand times. ",
      "Together they give the probability that it is the song that you asked for. Of the hits that are called sure, ",
      "at least 95 of 100 are right; a guess is there because a search always finds something.",
    ),
  );
}
