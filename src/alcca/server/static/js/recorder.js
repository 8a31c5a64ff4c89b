/** A recording from the microphone. */

import { toWav } from "./sound.js";

/** The server uses only 30 s of a recording, so longer ones bring no benefit. */
export const LONGEST_SECONDS = 60;

const REASONS = {
  NotAllowedError:
    "This page has no permission to use the microphone. Allow it in the browser's settings for this site, then record again.",
  NotFoundError: "No microphone was found. Connect one, or choose a file instead.",
  NotReadableError: "Another program is using the microphone. Close that program, then record again.",
};
const NOT_HERE =
  "This browser gives no microphone to this page: it does so only on this computer (localhost) and over https. " +
  "Choose a file instead.";

async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) throw new Error(NOT_HERE);
  try {
    // Processing that makes speech clearer removes music.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return await navigator.mediaDevices.getUserMedia({ audio: plain });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `The microphone did not start: ${error.message}. Choose a file instead.`);
  }
}

/**
 * Record until stopped.
 * @param {(seconds: number) => void} tick called while recording
 * @returns {Promise<{stop: () => void, file: Promise<File>}>} rejected, with words for people, without a microphone
 */
export async function record(tick) {
  const stream = await microphone();
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  const began = performance.now();
  const stop = () => recorder.state === "inactive" || recorder.stop();
  const timer = setInterval(() => {
    const seconds = (performance.now() - began) / 1000;
    tick(seconds);
    if (seconds >= LONGEST_SECONDS) stop();
  }, 200);
  const file = new Promise((resolve, reject) => {
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      finish(pieces, recorder.mimeType).then(resolve, reject);
    });
  });
  // Stop the microphone when the user leaves this view.
  window.addEventListener("hashchange", stop, { once: true });
  recorder.start();
  return { stop, file };
}

async function finish(pieces, type) {
  try {
    return new File([await toWav(new Blob(pieces, { type }))], "recording.wav", { type: "audio/wav" });
  } catch {
    throw new Error("Nothing was recorded. Record for at least a second, or choose a file instead.");
  }
}
