/** The transcript of a song, beside its lyrics; each line is highlighted while it is sung. */

import { h } from "./dom.js";
import { clock } from "./format.js";
import { withCode } from "./loading.js";
import { playButton } from "./passages.js";

/**
 * @param {Object} song
 * @param {?Object} sound its player
 */
export function heardSection(song, sound) {
  return h(
    "section",
    { class: "panel", id: "song-heard", "aria-labelledby": "heard-title" },
    h("h2", { id: "heard-title" }, "Transcript"),
    song.heard ? said(song.heard, sound) : unheard(song),
  );
}

function unheard({ has_audio: audible }) {
  const text = audible
    ? "This song has not been transcribed yet. Run `alcca hear` to transcribe it."
    : "This song has no recording to transcribe.";
  return h("p", { class: "hint" }, withCode(text));
}

function said(heard, sound) {
  if (!heard.has_words)
    return h("p", { class: "hint" }, "No words were recognised: there is no singing, or it could not be understood.");
  const lines = heard.segments.map(({ start, end, text }) => ({
    start,
    end,
    element: h(
      "li",
      {},
      playButton(start, sound?.playFrom, (time) => time),
      h("span", { class: "heard-line", dir: "auto" }, text),
    ),
  }));
  if (sound) lightUp(sound, lines);
  const part =
    heard.extent === "slice"
      ? `Transcribed from ${clock(heard.start)} to ${clock(heard.start + heard.seconds)}, with ${heard.model}.`
      : `Transcribed with ${heard.model}.`;
  return [
    h(
      "ol",
      { class: "heard-song" },
      lines.map(({ element }) => element),
    ),
    h("p", { class: "hint" }, part),
  ];
}

/** The lyrics; each line with a time is highlighted while it is sung. */
export function timedLyrics({ lyrics, heard }, sound) {
  const timed = [...(heard?.lines ?? [])];
  const lines = [];
  const element = h(
    "p",
    { class: "lyrics", id: "song-lyrics", dir: "auto" },
    lyrics.split("\n").flatMap((text, index) => {
      // The lines with times are those that hold letters, in the same order.
      const time = timed[0]?.text === text.trim() ? timed.shift() : null;
      const line = h("span", { class: "lyric-line" }, text);
      if (time && time.start !== null) lines.push({ start: time.start, element: line });
      return [index > 0 && "\n", line];
    }),
  );
  const end = heard ? heard.start + heard.seconds : 0;
  lines.forEach((line, index) => {
    line.end = lines[index + 1]?.start ?? end;
  });
  if (sound) lightUp(sound, lines);
  return element;
}

function lightUp({ audio, at }, lines) {
  const show = () => {
    const now = at();
    const playing = !audio.paused || now > 0;
    for (const { start, end, element } of lines) element.classList.toggle("lit", playing && start <= now && now < end);
  };
  for (const event of ["timeupdate", "seeked", "play"]) audio.addEventListener(event, show);
}
