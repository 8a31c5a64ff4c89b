/** The songs that a search found, with the lines of their lyrics that fit coming after. */

import { findPassages } from "./api.js";
import { showPassage, songCard } from "./cards.js";
import { announce, h } from "./dom.js";
import { count, plural } from "./format.js";
import { loadInto, notice, skeleton } from "./loading.js";

const COMPARED = { lyrics: "lyrics", audio: "recordings" };
// As many placeholders as fill a screen.
const PLACEHOLDERS = 4;

/**
 * Search, and show what comes.
 * @param {HTMLElement} region
 * @param {(signal: AbortSignal) => Promise<Object>} search gives a search result
 * @param {{title: string, lyrics: ?string}} options `lyrics` are the words that were searched by
 */
export function showResults(region, search, { title, lyrics = null }) {
  const placeholder = h(
    "div",
    {},
    h("h2", {}, title),
    h("p", { class: "results-line" }, "Searching…"),
    skeleton("card-box", PLACEHOLDERS),
  );
  return loadInto(region, search, (result) => render(region, result, title, lyrics), { placeholder });
}

function render(region, result, title, lyrics) {
  const { hits, compared, among, took_ms: took, notes } = result;
  const heading = h("h2", { id: "results-title" }, title);
  if (!hits.length) {
    announce("Nothing found");
    return [
      heading,
      notice(
        "No song is left.",
        "None of the library's songs has this label and artist and can be compared. Clear the filters.",
      ),
    ];
  }
  const line =
    `The nearest ${count(hits.length)} of ${plural(among, "song")}, compared by their ${COMPARED[compared]}, ` +
    `in ${count(Math.round(took))} ms.`;
  const list = h(
    "ol",
    { class: "cards", id: "results-list" },
    hits.map((hit) => songCard(hit.song, { hit })),
  );
  announce(`${title}: ${plural(hits.length, "song")}. The first is ${hits[0].song.title}`);
  addPassages(list, result, lyrics, region.loading.signal);
  return [
    heading,
    h("p", { class: "results-line" }, line),
    notes.map((note) => h("p", { class: "query-note" }, note)),
    list,
    explanation(),
  ];
}

async function addPassages(list, { query, hits }, lyrics, signal) {
  const songs = hits.filter((hit) => hit.song.has_lyrics).map((hit) => hit.song.id);
  if (!songs.length) return;
  try {
    const { passages } = await findPassages(query, songs, lyrics, signal);
    for (const card of list.children) showPassage(card, passages[card.dataset.song]);
  } catch {
    // The first line of each song stands there already, and the results are no worse for it.
  }
}

function explanation() {
  return h(
    "details",
    { class: "explain", id: "explain-score" },
    h("summary", {}, "What the bar says"),
    h(
      "p",
      {},
      "“Closer than 99% of the library” means: of all pairs of two different songs in this library, 99% are " +
        "less alike ",
      "than your query and this song. The small number is their cosine, from −1 to 1. A search always finds " +
        "something: ",
      "a short bar says that nothing really fits.",
    ),
  );
}
