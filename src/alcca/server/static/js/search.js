/** The search view: search by a recording, or by words. */

import { searchByLyrics } from "./api.js";
import { clip } from "./clip.js";
import { h } from "./dom.js";
import { field, filters } from "./filters.js";
import { plural } from "./format.js";
import { listen } from "./listening.js";
import { clear } from "./loading.js";
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
  const by = h(
    "select",
    { id: "search-by", on: { change: again } },
    h("option", { value: "both" }, "all that is known"),
    status.parts.map(({ name, title }) => h("option", { value: name }, `${title} alone`)),
  );
  narrow.element.prepend(field("How many", howMany), field("Found by", by));

  const parameters = () => ({ k: Number(howMany.value), by: by.value, ...narrow.values() });

  function again() {
    last?.();
  }

  const hears = (wanted) =>
    !status.hearing.lacks && status.parts.some((part) => part.hears && [part.name, "both"].includes(wanted));

  function bySound(file, player) {
    if (!file) {
      last = null;
      clear(region);
      return;
    }
    last = () => listen(region, file, { parameters, hears, clip: player });
    last();
  }

  function byWords(lyrics) {
    last = () =>
      showResults(region, (signal) => searchByLyrics({ lyrics, ...parameters() }, signal), {
        title: "Songs with these words",
        lyrics,
        explained: true,
      });
    last();
  }

  const element = h(
    "div",
    { class: "search" },
    h("h1", { class: "lead" }, "Find a song by a recording of it, or by what is sung in it"),
    h(
      "p",
      { class: "lead-words" },
      "Choose a recording, and alcca finds the song by its words. Type a line that you remember, and alcca finds the " +
        "recording in which it is sung, even without lyrics. Without singing, it compares the " +
        `sound.${status.songs ? ` It searches ${plural(status.songs, "song")}.` : ""}`,
    ),
    whatIsMissing(status),
    status.songs > 0 && [
      h("div", { class: "ways" }, soundPanel(status, bySound), wordsPanel(byWords)),
      narrow.element,
      region,
    ],
  );
  return { element, title: "Search" };
}

function soundPanel({ max_upload_bytes: largest, hearing }, search) {
  let chosen = null;
  const button = h(
    "button",
    { type: "submit", class: "button primary", id: "search-sound", disabled: true },
    "Find this song",
  );
  const changed = (file) => {
    chosen = file;
    button.disabled = !file;
    // Whoever gives a recording wants to know what it is.
    search(file, sound);
  };
  const submit = (event) => {
    event.preventDefault();
    if (chosen) search(chosen, sound);
  };
  const sound = clip({ largest, changed });
  return h(
    "form",
    { class: "panel", id: "sound-form", "aria-labelledby": "sound-title", on: { submit } },
    h("h2", { id: "sound-title" }, "By a recording"),
    sound.element,
    hearing.lacks && h("p", { class: "hint", id: "cannot-hear" }, `Recordings are not transcribed on this server: ${hearing.lacks}.`),
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
    "aria-describedby": "lyrics-hint lyrics-error",
    placeholder: "A line that you remember, or a whole song",
    on: { keydown: sendByKey },
  });
  const trouble = h("p", { class: "trouble", id: "lyrics-error", role: "alert" });
  const form = h(
    "form",
    { class: "panel", id: "words-form", "aria-labelledby": "words-title", on: { submit } },
    h("h2", { id: "words-title" }, "By words"),
    words,
    h("p", { class: "hint", id: "lyrics-hint" }, "Finds recordings by what is sung in them."),
    trouble,
    h("button", { type: "submit", class: "button primary", id: "search-words" }, "Find where this is sung"),
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
