/** The first view, with its two ways in: a sound, or words. */

import { searchByAudio, searchByLyrics } from "./api.js";
import { clip } from "./clip.js";
import { h } from "./dom.js";
import { field, filters } from "./filters.js";
import { plural } from "./format.js";
import { showResults } from "./results.js";
import { libraryStatus, whatIsMissing } from "./status.js";

const LONGEST_LYRICS = 20_000;
const HOW_MANY = [10, 25, 50, 100];

export async function searchView() {
  const status = await libraryStatus();
  const region = h("section", { class: "results", id: "results", "aria-label": "Results" });
  let last = null;
  const narrow = filters(status, { name: "search", changed: again });
  const howMany = h(
    "select",
    { id: "search-k", on: { change: again } },
    HOW_MANY.map((k) => h("option", { value: k }, String(k))),
  );
  narrow.element.prepend(field("How many", howMany));

  const parameters = () => ({ k: Number(howMany.value), ...narrow.values() });

  function again() {
    last?.();
  }

  function bySound(file) {
    last = () =>
      showResults(region, (signal) => searchByAudio(file, parameters(), signal), {
        title: "Lyrics that fit this sound",
      });
    last();
  }

  function byWords(lyrics) {
    last = () =>
      showResults(region, (signal) => searchByLyrics({ lyrics, ...parameters() }, signal), {
        title: "Songs that sound like these words",
        lyrics,
      });
    last();
  }

  const element = h(
    "div",
    { class: "search" },
    h("h1", { class: "lead" }, "Find songs by their sound, or by their words"),
    h(
      "p",
      { class: "lead-words" },
      "alcca has listened to the songs of this library and read their lyrics. Give it a sound, and it finds " +
        "lyrics that fit; give it words, and it finds music that " +
        `fits.${status.searchable ? ` It searches ${plural(status.searchable, "song")}.` : ""}`,
    ),
    whatIsMissing(status),
    status.songs > 0 && [
      h("div", { class: "ways" }, soundPanel(status.max_upload_bytes, bySound), wordsPanel(byWords)),
      narrow.element,
      region,
    ],
  );
  return { element, title: "Search" };
}

function soundPanel(largest, search) {
  let chosen = null;
  const button = h(
    "button",
    { type: "submit", class: "button primary", id: "search-sound", disabled: true },
    "Find lyrics that fit",
  );
  const changed = (file) => {
    chosen = file;
    button.disabled = !file;
  };
  const submit = (event) => {
    event.preventDefault();
    if (chosen) search(chosen);
  };
  return h(
    "form",
    { class: "panel", id: "sound-form", "aria-labelledby": "sound-title", on: { submit } },
    h("h2", { id: "sound-title" }, "By a sound"),
    clip({ largest, changed }).element,
    button,
  );
}

function wordsPanel(search) {
  const words = h("textarea", {
    id: "lyrics",
    rows: 7,
    maxlength: LONGEST_LYRICS,
    dir: "auto",
    "aria-labelledby": "words-title",
    "aria-describedby": "lyrics-error",
    placeholder: "Type or paste lyrics: a line, or a whole song",
    on: { keydown: sendByKey },
  });
  const trouble = h("p", { class: "trouble", id: "lyrics-error", role: "alert" });
  const form = h(
    "form",
    { class: "panel", id: "words-form", "aria-labelledby": "words-title", on: { submit } },
    h("h2", { id: "words-title" }, "By words"),
    words,
    trouble,
    h("button", { type: "submit", class: "button primary", id: "search-words" }, "Find songs that sound like this"),
  );

  function submit(event) {
    event.preventDefault();
    const lyrics = words.value.trim();
    trouble.textContent = lyrics ? "" : "Type some words first.";
    if (lyrics) search(lyrics);
    else words.focus();
  }

  function sendByKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  }

  return form;
}
