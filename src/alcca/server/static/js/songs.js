/** All songs, or those with exactly some words. */

import { getSongs } from "./api.js";
import { songCard } from "./cards.js";
import { announce, debounced, h } from "./dom.js";
import { filters } from "./filters.js";
import { count, plural } from "./format.js";
import { loadInto, notice, skeleton } from "./loading.js";
import { rewrite } from "./routes.js";
import { libraryStatus, whatIsMissing } from "./status.js";

const A_PAGE = 20;

export async function songsView({ parameters }) {
  const status = await libraryStatus();
  if (!status.songs)
    return { element: h("div", { class: "songs" }, h("h1", {}, "Songs"), whatIsMissing(status)), title: "Songs" };
  const region = h("section", { class: "results", id: "songs", "aria-label": "Songs" });
  const words = h("input", {
    id: "songs-words",
    type: "search",
    "aria-describedby": "songs-hint",
    value: parameters.get("words"),
    on: { input: debounced(load, 300) },
  });
  const narrow = filters(status, {
    name: "songs",
    label: parameters.get("label"),
    artist: parameters.get("artist"),
    changed: load,
  });
  let asked = "";

  const wanted = () => ({ words: words.value.trim(), ...narrow.values() });

  function load() {
    const query = wanted();
    if (JSON.stringify(query) === asked) return null;
    asked = JSON.stringify(query);
    if (element.isConnected) rewrite("songs", query);
    return loadInto(
      region,
      (signal) => getSongs({ ...query, k: A_PAGE, offset: 0 }, signal),
      (list) => render(list, query),
      { placeholder: skeleton("card-box", 5) },
    );
  }

  const form = h(
    "form",
    {
      class: "panel songs-form",
      id: "songs-form",
      role: "search",
      on: {
        submit: (event) => {
          event.preventDefault();
          load();
        },
      },
    },
    h("div", { class: "field" }, h("label", { for: "songs-words" }, "Exact search"), words),
    h(
      "p",
      { class: "hint", id: "songs-hint" },
      "Finds these words in titles, artists and lyrics, whatever their case and accents; the beginning of the last " +
        "word is enough. The Search page also finds lines that are nearly right, and sound.",
    ),
    narrow.element,
  );
  const element = h("div", { class: "songs" }, h("h1", {}, "Songs"), form, region);
  return { element, title: "Songs", ready: load() };
}

function render(list, query) {
  announce(plural(list.total, "song"));
  if (!list.total) {
    return notice(
      "No song fits.",
      "Songs must contain every word; only case and accents may differ. Try fewer words, or clear the filters.",
    );
  }
  const cards = h(
    "ol",
    { class: "cards", id: "songs-list" },
    list.songs.map((song) => songCard(song, { heading: "h2" })),
  );
  const line = h(
    "p",
    { class: "results-line" },
    query.words ? `${plural(list.total, "song")} with these words, best match first.` : plural(list.total, "song"),
  );
  return [line, cards, moreButton(list, query, cards)];
}

function moreButton(list, query, cards) {
  let shown = list.songs.length;
  if (shown >= list.total) return null;
  const button = h("button", { type: "button", class: "button more", id: "songs-more", on: { click: more } });
  const trouble = h("p", { class: "trouble", role: "alert" });
  const label = () => {
    button.textContent = `Show more (${count(list.total - shown)} left)`;
  };

  async function more() {
    button.disabled = true;
    trouble.textContent = "";
    try {
      const next = await getSongs({ ...query, k: A_PAGE, offset: shown });
      const added = next.songs.map((song) => songCard(song, { heading: "h2" }));
      cards.append(...added);
      shown += added.length;
      added[0]?.querySelector("a").focus();
      if (shown >= list.total || !added.length) button.remove();
      else label();
    } catch (error) {
      trouble.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  label();
  return h("div", { class: "more-row" }, button, trouble);
}
