/** Marks as squares of pixels: a canvas call for each of a hundred thousand songs would take many frames. */

import { MARKS } from "./map-shapes.js";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Object} points as `indexPoints` makes them
 * @param {Object} view a camera
 */
export function mapPixels(context, points, view) {
  const order = ordered(points.group);
  let image = null;
  let pixels = null;

  /** Fill the canvas with squares of `side` pixels; `colours` has, for each group, red to alpha in one number. */
  function draw(side, ratio, colours) {
    const { width, height } = context.canvas;
    if (image?.width !== width || image.height !== height) {
      image = context.createImageData(width, height);
      pixels = new Uint32Array(image.data.buffer);
    }
    pixels.fill(0);
    const { x, y, group } = points;
    const scale = view.scale() * ratio;
    const left = width / 2 - view.camera.x * scale - side / 2;
    const top = height / 2 + view.camera.y * scale - side / 2;
    for (const at of order) {
      const fromX = Math.round(left + x[at] * scale);
      const fromY = Math.round(top - y[at] * scale);
      // Squares at the edge are left out rather than cut.
      if (fromX < 0 || fromY < 0 || fromX + side > width || fromY + side > height) continue;
      const colour = colours[group[at]];
      let row = fromY * width + fromX;
      for (let down = 0; down < side; down += 1, row += width) {
        for (let right = 0; right < side; right += 1) pixels[row + right] = colour;
      }
    }
    context.putImageData(image, 0, 0);
  }

  return draw;
}

/** Songs by group, the one that stands for all other labels first: grey below colours. */
function ordered(group) {
  const ranked = (at) => (group[at] === MARKS ? -1 : group[at]);
  return Uint32Array.from(group.keys()).sort((one, other) => ranked(one) - ranked(other));
}

/** A colour of a style sheet, made fainter, as a number that stands for a pixel. */
export function pixelOf(colour, alpha) {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const bytes = context.getImageData(0, 0, 1, 1).data;
  bytes[3] = Math.round(255 * alpha);
  return new Uint32Array(bytes.buffer)[0];
}
