/** A search by a recording, shown as it runs: the hits by audio, the transcript, hits that are not sure, then the final ones. */

import { searchByAudio } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { failure, takeOver } from "./loading.js";
import { playButton } from "./passages.js";
import { cardSkeletons, explanation, found } from "./results.js";

const language = new Intl.DisplayNames("en", { type: "language" });

/**
 * Search by a recording, and show results as they arrive.
 * @param {HTMLElement} region
 * @param {File} file
 * @param {{parameters: () => Object, hears: (by: string) => boolean, clip: {playFrom: (seconds: number) => void}}} options
 *   `hears` tells whether a search by a part needs the transcript
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
        // Leave out the note that there is no transcript yet.
        replace(list, h("h3", { class: "meanwhile" }, said), cards({ ...data, notes: [] }));
      } else if (event === "words") {
        heard?.show(data);
      } else if (event === "hits") {
        title.textContent = "Listening again for lyrics…";
        const said = "Not sure yet. ";
        if (data.hits.length)
          replace(list, h("h3", { class: "meanwhile" }, `${said}The likeliest so far`), cards(data, said));
        else announce(title.textContent);
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

  function cards(result, said = "") {
    return found(result, { signal: turn.signal, clip, said });
  }
}

function verdict([first]) {
  if (!first) return "Nothing was found";
  const said = { sure: "This is", likely: "This is likely", "a guess": "No certain match; the closest is" };
  return `${said[first.certainty]} “${first.song.title}”`;
}

/** The transcript of the recording; its height is fixed, so that the page does not jump when the words arrive. */
function heardPanel(clip) {
  const head = h("p", { class: "heard-head" }, h("span", { class: "ear", "aria-hidden": "true" }), "Transcribing the recording");
  const lines = h("div", { class: "heard-lines", id: "heard-lines", tabindex: 0, role: "group", "aria-label": "Transcript" });
  const element = h("section", { class: "heard listening", id: "heard", "aria-label": "Words of the recording" }, head, lines);

  function finish(words, children) {
    element.classList.remove("listening");
    replace(head, words);
    replace(lines, children);
  }

  function show(transcript) {
    if (!transcript.has_words) {
      const said = "There is no singing, or it could not be understood.";
      announce("No words recognised");
      finish("No words recognised", h("p", {}, said));
      return;
    }
    announce(`Transcript: ${transcript.text}`);
    finish(`Transcript${transcript.language ? `, in ${language.of(transcript.language)}` : ""}`, heardLines(transcript, clip));
  }

  const none = () => finish("The recording was not transcribed", h("p", {}, "The note above the songs gives the reason."));

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
