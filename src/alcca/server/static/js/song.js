/** One song with its lyrics and transcript, and similar songs. */

import { getNeighbours, getSong } from "./api.js";
import { actions, facts, recording, songPlayer } from "./cards.js";
import { h } from "./dom.js";
import { field, filters } from "./filters.js";
import { heardSection, timedLyrics } from "./heard.js";
import { loadInto, skeleton } from "./loading.js";
import { showResults } from "./results.js";
import { likeAddress, rewrite, songAddress } from "./routes.js";
import { libraryStatus } from "./status.js";

export function songView({ id }) {
  const title = h("h1", { id: "song-title" }, "Song");
  const region = h("div", { class: "song", id: "song" });
  const ready = loadInto(
    region,
    (signal) => getSong(id, signal),
    (song) => {
      document.title = `${song.title} – alcca`;
      title.textContent = song.title;
      const sound = song.has_audio ? songPlayer(song, "song") : null;
      return [
        facts(song),
        recording(sound),
        actions(song, "song"),
        h("div", { class: "song-words" }, lyrics(song, sound), heardSection(song, sound)),
        remarks(song),
      ];
    },
    { placeholder: skeleton("card-box", 3) },
  );
  return { element: h("div", {}, title, region), title: "Song", ready };
}

function lyrics(song, sound) {
  const source = song.lyrics_source && h("p", { class: "hint" }, `Lyrics from ${song.lyrics_source}`);
  const text = song.lyrics ? timedLyrics(song, sound) : h("p", { class: "hint" }, "This song has no lyrics.");
  return h(
    "section",
    { class: "panel", "aria-labelledby": "lyrics-title" },
    h("h2", { id: "lyrics-title" }, "Lyrics"),
    text,
    source,
  );
}

function remarks({ reasons, notes, file }) {
  const list = (title, texts) =>
    texts.length > 0 && [
      h("h3", {}, title),
      h(
        "ul",
        {},
        texts.map((text) => h("li", {}, text)),
      ),
    ];
  return h(
    "section",
    { class: "remarks" },
    list("This song cannot be used for training", reasons),
    list("Notes", notes),
    file && h("p", { class: "hint" }, `File: ${file}`),
  );
}

const NEAREST =
  "The songs that lie nearest to it in the learned space, nearest first. Some song is always the nearest, so a place in " +
  "this list is no proof that they are alike.";

const LIKE = {
  audio: { title: "Songs that sound like this", other: "lyrics", swap: "Songs with lyrics like this" },
  lyrics: { title: "Songs with lyrics like this", other: "audio", swap: "Songs that sound like this" },
};

export async function likeView({ id, by, parameters }) {
  const status = await libraryStatus();
  const { title, other, swap } = LIKE[by];
  const region = h("section", { class: "results", id: "results", "aria-label": "Results" });
  const origin = h("div", { class: "origin", id: "origin" }, "\u00a0");
  const howMany = h(
    "select",
    { id: "like-k", on: { change: load } },
    [10, 25, 50, 100].map((k) => h("option", { value: k }, String(k))),
  );
  const narrow = filters(status, {
    name: "like",
    label: parameters.get("label"),
    artist: parameters.get("artist"),
    changed: load,
  });
  narrow.element.prepend(field("How many", howMany));

  async function search(signal) {
    const found = await getNeighbours(id, { by, k: howMany.value, ...narrow.values() }, signal);
    const { song } = found;
    origin.replaceChildren(
      h(
        "p",
        { class: "origin-title" },
        "like ",
        h("a", { href: songAddress(id), id: "origin-song" }, song.title),
        song.artist && ` by ${song.artist}`,
      ),
    );
    document.title = `${title}: ${song.title} – alcca`;
    return found;
  }

  function load() {
    if (element.isConnected) rewrite(`like/${id}/${by}`, narrow.values());
    return showResults(region, search, { title: "Nearest songs" });
  }

  const element = h(
    "div",
    { class: "like" },
    h("h1", {}, title),
    origin,
    h("p", { class: "hint", id: "like-words" }, NEAREST),
    h("p", { class: "actions" }, h("a", { href: likeAddress(id, other), id: "like-other" }, swap)),
    narrow.element,
    region,
  );
  return { element, title, ready: load() };
}
