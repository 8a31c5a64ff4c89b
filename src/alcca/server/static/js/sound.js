/** Recordings as numbers: decoded by the browser, summed up for a waveform, written as WAV. */

// Enough to draw by, and an hour of stereo stays below 250 MB.
const DRAWING_RATE = 8_000;
// What the server analyses.
const ANALYSIS_RATE = 22_050;

function decode(bytes, rate) {
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
}

/**
 * The loudest sample in each of `bars` equal parts of a recording, as a share of the loudest of all.
 * @returns {Promise<{peaks: Float32Array, seconds: number}>}
 */
export async function peaksOf(blob, bars) {
  const sound = await decode(await blob.arrayBuffer(), DRAWING_RATE);
  const samples = sound.getChannelData(0);
  const peaks = new Float32Array(bars);
  const width = samples.length / bars;
  for (let bar = 0; bar < bars; bar += 1) {
    const end = Math.min(samples.length, Math.floor((bar + 1) * width));
    let peak = 0;
    for (let at = Math.floor(bar * width); at < end; at += 1) peak = Math.max(peak, Math.abs(samples[at]));
    peaks[bar] = peak;
  }
  const loudest = peaks.reduce((most, peak) => Math.max(most, peak), 0);
  return { peaks: loudest ? peaks.map((peak) => peak / loudest) : peaks, seconds: sound.duration };
}

/** Mono 16-bit WAV of a recording. A browser's own WebM declares no duration, so nothing could seek in it. */
export async function toWav(blob) {
  const sound = await decode(await blob.arrayBuffer(), ANALYSIS_RATE);
  const channels = Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
  const view = new DataView(new ArrayBuffer(44 + 2 * sound.length));
  writeHeader(view, sound.length);
  for (let at = 0; at < sound.length; at += 1) {
    const mean = channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length;
    view.setInt16(44 + 2 * at, Math.max(-1, Math.min(1, mean)) * 0x7fff, true);
  }
  return new Blob([view], { type: "audio/wav" });
}

function writeHeader(view, samples) {
  const words = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  words(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples, true);
  words(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, ANALYSIS_RATE, true);
  view.setUint32(28, 2 * ANALYSIS_RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  words(36, "data");
  view.setUint32(40, 2 * samples, true);
}
