/** A waveform on a canvas, in the colours of the theme. */

import { h } from "./dom.js";
import { peaksOf } from "./sound.js";

const BARS = 160;
// Decoding takes memory by the minute; a larger file is played and searched all the same, without a picture.
const LARGEST = 60e6;

/**
 * @returns {{element: HTMLCanvasElement, load: (file: Blob) => Promise<number>, stop: () => void}} `load` draws a file
 *   and gives its duration in seconds; it throws when the browser cannot decode the file
 */
export function waveform() {
  const element = h("canvas", { class: "waveform", "aria-hidden": "true" });
  let peaks = new Float32Array(BARS);
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  document.addEventListener("alcca:theme", draw);

  function draw() {
    const { clientWidth: width, clientHeight: height } = element;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    const context = element.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = getComputedStyle(element).color;
    // On a narrow screen two bars become one, else the gaps between them close.
    const step = width / BARS < 3 ? 2 : 1;
    for (let bar = 0; bar < BARS; bar += step) {
      const peak = Math.max(...peaks.subarray(bar, bar + step));
      const tall = Math.max(2, peak * (height - 4));
      context.fillRect((bar / BARS) * width, (height - tall) / 2, Math.max(1, (step / BARS) * width - 1.5), tall);
    }
  }

  async function load(file) {
    if (file.size > LARGEST) throw new RangeError("too large to draw");
    const { peaks: found, seconds } = await peaksOf(file, BARS);
    peaks = found;
    draw();
    return seconds;
  }

  function stop() {
    observer.disconnect();
    document.removeEventListener("alcca:theme", draw);
  }

  return { element, load, stop };
}
