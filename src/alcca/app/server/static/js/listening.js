/** A search by a recording, shown while it goes on: what the sound finds, the words as they are heard, then the songs. */

import { searchByAudio } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { failure, takeOver } from "./loading.js";
import { playButton } from "./passages.js";
import { cardSkeletons, explanation, found } from "./results.js";

const language = new Intl.DisplayNames("en", { type: "language" });

/**
 * Search by a recording, and show what comes.
 * @param {HTMLElement} region
 * @param {File} file
 * @param {{parameters: () => Object, hears: (by: string) => boolean, clip: {playFrom: (seconds: number) => void}}} options
 *   `hears` says whether a search by some part waits for words
 */
export async function listen(region, file, { parameters, hears, clip }) {
  const asked = parameters();
  const title = h("h2", { id: "results-title" }, "Listening…");
  const heard = hears(asked.by) ? heardPanel(clip) : null;
  const list = h("div", {}, h("p", { class: "results-line" }, "Searching…"), cardSkeletons());
  const turn = takeOver(region, h("div", {}, title, heard?.element, list));
  announce("Listening");
  try {
    for await (const { event, data } of searchByAudio(file, asked, turn.signal)) {
      if (!turn.mine()) return;
      if (event === "space" && data.hits.length) {
        const said = "Meanwhile, by the sound alone";
        // That nobody has listened yet goes without saying.
        replace(list, h("h3", { class: "meanwhile" }, said), cards({ ...data, notes: [] }));
      } else if (event === "words") {
        heard?.show(data);
      } else if (event === "result") {
        title.textContent = verdict(data.hits);
        if (!data.heard) heard?.none();
        replace(list, cards(data), data.hits.length > 0 && explanation());
      }
    }
  } catch (error) {
    if (turn.mine() && error.name !== "AbortError")
      replace(
        region,
        failure(error, () => listen(region, file, { parameters, hears, clip })),
      );
  } finally {
    turn.done();
  }

  function cards(result) {
    return found(result, { signal: turn.signal, clip });
  }
}

function verdict([first]) {
  if (!first) return "Nothing was found";
  const said = { sure: "This is", likely: "This is likely", "a guess": "Nothing is certain; the nearest is" };
  return `${said[first.certainty]} “${first.song.title}”`;
}

/** The words of the recording; its height is kept, so that nothing jumps when they come. */
function heardPanel(clip) {
  const head = h("p", { class: "heard-head" }, h("span", { class: "ear", "aria-hidden": "true" }), "Listening to the words");
  const lines = h("div", { class: "heard-lines", id: "heard-lines", tabindex: 0, role: "group", "aria-label": "Words heard" });
  const element = h("section", { class: "heard listening", id: "heard", "aria-label": "What is sung" }, head, lines);

  function finish(words, children) {
    element.classList.remove("listening");
    replace(head, words);
    replace(lines, children);
  }

  function show(transcript) {
    if (!transcript.has_words) {
      const said = "Nobody sings in it, or not so that it could be understood. What is found goes by the sound alone.";
      announce("No words heard");
      finish("No words heard", h("p", {}, said));
      return;
    }
    announce(`Heard: ${transcript.text}`);
    finish(`Heard${transcript.language ? `, in ${language.of(transcript.language)}` : ""}`, heardLines(transcript, clip));
  }

  const none = () => finish("The words were not heard", h("p", {}, "Why, the remark above the songs says."));

  return { element, show, none };
}

function heardLines({ segments }, clip) {
  return h(
    "ol",
    { dir: "auto" },
    segments.map(({ start, text }) =>
      h("li", {}, playButton(start, clip.playFrom, (time) => time), h("span", { class: "heard-line" }, text)),
    ),
  );
}
