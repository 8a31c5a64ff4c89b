/** The query recording: dropped, chosen or recorded, then shown with its waveform and a player. */

import { announce, h, replace } from "./dom.js";
import { clock, megabytes } from "./format.js";
import { icon } from "./icons.js";
import { player } from "./player.js";
import { LONGEST_SECONDS, record } from "./recorder.js";
import { waveform } from "./waveform.js";

// Some systems report no media type for these formats, which the server can read.
const ACCEPT = "audio/*,.webm,.mp4,.mka,.opus,.spx,.ape,.wv,.tta,.mpc,.caf,.w64,.ac3,.wma";

/**
 * @param {{largest: number, changed: (file: ?File) => void}} options `largest` in bytes
 * @returns {{element: HTMLElement, playFrom: (seconds: number) => void}}
 */
export function clip({ largest, changed }) {
  const input = h("input", { type: "file", id: "clip-file", class: "unseen", accept: ACCEPT, on: { change: picked } });
  const recordButton = h("button", {
    type: "button",
    class: "button",
    id: "clip-record",
    on: { click: startRecording },
  });
  recordButton.append(icon("microphone"), "Record");
  const trouble = h("p", { class: "trouble", id: "clip-error", role: "alert" });
  const stage = h("div", { class: "clip-stage" });
  const element = h("div", { class: "drop", id: "clip-drop", on: { dragover, dragleave, drop } }, stage, trouble);
  const empty = [
    h("p", { class: "drop-words" }, "Drop a recording here"),
    h(
      "div",
      { class: "row" },
      input,
      h("label", { for: "clip-file", class: "button", id: "clip-choose" }, icon("file"), "Choose a file"),
      recordButton,
    ),
    h("p", { class: "hint" }, `mp3, flac, ogg, m4a, wav and more, up to ${megabytes(largest)}`),
  ];
  let shown = null;

  function clear() {
    if (shown) {
      shown.waves.stop();
      URL.revokeObjectURL(shown.address);
    }
    shown = null;
    input.value = "";
    trouble.textContent = "";
    replace(stage, empty);
  }

  function remove() {
    clear();
    changed(null);
    recordButton.focus();
  }

  function take(file) {
    clear();
    if (file.size > largest) {
      trouble.textContent =
        `${file.name} has ${megabytes(file.size)}; at most ${megabytes(largest)} are taken. ` + "Cut out a part of it.";
      changed(null);
      return;
    }
    show(file);
    changed(file);
    announce(`${file.name} is ready`);
  }

  function show(file) {
    const waves = waveform();
    const address = URL.createObjectURL(file);
    const clipPlayer = player(address, { name: file.name, id: "clip", behind: waves.element });
    shown = { waves, address, clipPlayer };
    const removeButton = h(
      "button",
      { type: "button", class: "button quiet", id: "clip-remove", on: { click: remove } },
      "Remove",
    );
    const hint = h("p", { class: "hint", id: "clip-hint" }, megabytes(file.size));
    const head = h(
      "div",
      { class: "clip-head" },
      h("p", { class: "clip-name", id: "clip-name" }, file.name),
      removeButton,
    );
    replace(stage, head, clipPlayer.element, hint);
    waves.load(file).then(
      (seconds) => {
        clipPlayer.setDuration(seconds);
        hint.textContent = `${clock(seconds)}, ${megabytes(file.size)}`;
      },
      () => {
        hint.textContent = "This browser cannot show the waveform of this file; the server may still be able to read it.";
      },
    );
  }

  function picked() {
    if (input.files.length) take(input.files[0]);
  }

  function dragover(event) {
    event.preventDefault();
    element.classList.add("over");
  }

  function dragleave() {
    element.classList.remove("over");
  }

  function drop(event) {
    event.preventDefault();
    dragleave();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  }

  async function startRecording() {
    trouble.textContent = "";
    recordButton.disabled = true;
    try {
      const time = h("span", { class: "record-time", id: "record-time" }, "0:00");
      const recording = await record((seconds) => {
        time.textContent = clock(seconds);
      });
      const stopButton = h(
        "button",
        { type: "button", class: "button primary", id: "clip-stop", on: { click: recording.stop } },
        icon("stop"),
        "Stop",
      );
      const most = h("span", { class: "hint" }, `of at most ${clock(LONGEST_SECONDS)}; half a minute is best`);
      replace(
        stage,
        h(
          "p",
          { class: "recording" },
          h("span", { class: "record-dot", "aria-hidden": "true" }),
          "Recording ",
          time,
          " ",
          most,
        ),
        stopButton,
      );
      stopButton.focus();
      announce("Recording");
      take(await recording.file);
      document.getElementById("clip-play")?.focus();
    } catch (error) {
      clear();
      trouble.textContent = error.message;
    } finally {
      recordButton.disabled = false;
    }
  }

  clear();
  return { element, playFrom: (seconds) => shown?.clipPlayer.playFrom(seconds) };
}

/** Without this, a file dropped elsewhere would replace the page. */
export function guardDrops() {
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
  }
}
