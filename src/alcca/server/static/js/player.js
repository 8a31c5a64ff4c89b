/** A player that loads nothing before it is asked to play, and says so when the browser cannot play a format. */

import { h, replace } from "./dom.js";
import { clock, spoken } from "./format.js";
import { icon } from "./icons.js";

const SECONDS_A_STEP = 5;

// One song at a time.
document.addEventListener(
  "play",
  (event) => {
    for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
  },
  true,
);

/**
 * @param {string} source address of the recording
 * @param {{name: string, id: string, seconds: ?number, behind: ?Node, cut: ?{start: number, end: ?number}}} options
 *   `behind` is drawn under the position, such as a waveform; `seconds` is the duration, where it is known before the
 *   recording is loaded; `cut` is the part of the recording that is played, from which all times count
 * @returns {{element: HTMLElement, audio: HTMLAudioElement, setDuration: (seconds: number) => void,
 *   playFrom: (seconds: number) => void, at: () => number}} `at` tells the time in what is played
 */
export function player(source, { name, id, seconds = null, behind = null, cut = null }) {
  const start = cut?.start ?? 0;
  const end = cut?.end ?? Infinity;
  const part = cut ? `#t=${[cut.start, cut.end].filter((time) => time !== null).join(",")}` : "";
  const audio = h("audio", { src: source + part, preload: "none", id: `${id}-audio`, "data-testid": "audio" });
  const button = h("button", {
    type: "button",
    class: "play",
    id: `${id}-play`,
    "data-testid": "play",
    on: { click: toggle },
  });
  const position = h("input", {
    type: "range",
    class: "position",
    id: `${id}-position`,
    min: 0,
    step: "any",
    value: 0,
    "aria-label": `Position in ${name}`,
    on: { input: seek, keydown: step },
  });
  const time = h("span", { class: "time", "aria-hidden": "true" });
  const element = h(
    "div",
    { class: behind ? "player with-waveform" : "player", role: "group", "aria-label": `Player of ${name}` },
    button,
    h("div", { class: "track" }, behind, position),
    time,
    audio,
  );
  let duration = seconds ?? 0;

  function toggle() {
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  }

  function at() {
    return Math.max(0, audio.currentTime - start);
  }

  function playFrom(time) {
    audio.currentTime = start + time;
    show();
    audio.play().catch(() => {});
  }

  function seek() {
    audio.currentTime = start + Number(position.value);
    show();
  }

  // With any step allowed, an arrow key would move by a hundredth of the song.
  function step(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    position.value = Number(position.value) + way * SECONDS_A_STEP;
    seek();
  }

  function show() {
    const now = Math.min(at(), duration || Infinity);
    position.max = duration || 1;
    position.value = now;
    position.disabled = !duration;
    position.setAttribute("aria-valuetext", `${spoken(now)} of ${spoken(duration)}`);
    element.style.setProperty("--played", duration ? now / duration : 0);
    time.textContent = `${clock(now)} / ${duration ? clock(duration) : "–:––"}`;
  }

  // Browsers stop at the end of a part, but go on from there when they are asked to play.
  function stopAtEnd() {
    if (audio.currentTime < end) return;
    audio.pause();
    audio.currentTime = start;
  }

  function setDuration(given) {
    if (Number.isFinite(given) && given > 0) duration = given;
    show();
  }

  function showButton() {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${name}`);
  }

  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, showButton);
  if (cut) audio.addEventListener("timeupdate", stopAtEnd);
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("durationchange", () => setDuration(Math.min(audio.duration, end) - start));
  audio.addEventListener("error", () => {
    replace(
      element,
      h("p", { class: "hint", role: "status", "data-testid": "cannot-play" }, cannotPlay(audio), " ", saveLink(source)),
    );
  });
  showButton();
  show();
  return { element, audio, setDuration, playFrom, at };
}

function cannotPlay({ error }) {
  return error?.code === MediaError.MEDIA_ERR_NETWORK
    ? "The recording stopped loading: the server may have stopped."
    : "This browser cannot play this recording: the file is missing, or in a format that the browser does not support.";
}

function saveLink(source) {
  return h("a", { href: source, download: "" }, "Save it");
}
