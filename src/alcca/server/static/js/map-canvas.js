/** The drawing of the map. A frame is drawn when something changed, and at most one for each the screen shows. */

import { debounced } from "./dom.js";
import { pixelOf, mapPixels } from "./map-pixels.js";
import { MARKS, sprite } from "./map-shapes.js";

const DIM = 0.1;
const OTHER = 0.7;
// Without a graphics card, so many pictures take longer than a frame; in motion they become squares of their colour.
const CROWD = 2_500;
// So many songs in view hide each other's shapes, so they are squares at rest too.
const MANY = 20_000;
// The radius of a mark on a map of more songs than this.
const SIZES = [
  [20_000, 1.6],
  [2_000, 2.6],
  [-1, 3.6],
];
const SETTLED_MS = 140;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Object} points as `indexPoints` makes them
 * @param {Object} view a camera
 * @param {(context: CanvasRenderingContext2D, ink: string, rim: string) => void} drawNames
 * @param {{hovered: number, current: number, chosen: Set<number>}} state songs by place in `points`; `chosen` groups
 *   stand out, all do when it is empty
 */
export function mapCanvas(canvas, points, view, drawNames, state) {
  const context = canvas.getContext("2d");
  const fillSquares = mapPixels(context, points, view);
  let sprites = [];
  let colours = [];
  let radius = 0;
  let ink = "";
  let rim = "";
  let waiting = false;
  let moving = false;

  function recolour() {
    radius = 0;
    redraw();
  }

  const settle = debounced(() => {
    moving = false;
    redraw();
  }, SETTLED_MS);

  /** Draw while the map is being dragged or zoomed. */
  function move() {
    moving = true;
    redraw();
    settle();
  }

  /** A colour of the theme as a canvas takes it; only as the colour of an element does the browser work it out. */
  function colourOf(name) {
    canvas.style.color = `var(${name})`;
    return getComputedStyle(canvas).color;
  }

  function prepare(wanted) {
    if (wanted === radius) return;
    radius = wanted;
    rim = colourOf("--surface");
    ink = colourOf("--text");
    colours = Array.from({ length: MARKS + 1 }, (_, group) =>
      colourOf(group === MARKS ? "--map-other" : `--map-${group}`),
    );
    sprites = colours.map((colour, group) => sprite(group, colour, rim, radius, devicePixelRatio || 1));
  }

  function resize() {
    const { clientWidth, clientHeight } = canvas;
    // While another view is shown the map has no size.
    if (!clientWidth) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    view.resize(clientWidth, clientHeight);
    redraw();
  }

  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  function draw() {
    const ratio = devicePixelRatio || 1;
    // Marks grow with the zoom, but less than distances do, so that crowds come apart. Whole steps keep sprites few.
    const crowd = SIZES.find(([fewest]) => points.songs.length > fewest)[1];
    prepare(Math.round(Math.min(9, crowd * view.camera.zoom ** 0.35) * 2) / 2);
    const bounds = wider(view.bounds());
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (points.count(...bounds) > (moving ? CROWD : MANY)) drawSquares(ratio);
    else drawSprites(bounds, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawNames(context, ink, rim);
    if (state.hovered >= 0) ring(state.hovered, 3, 1.5);
    if (state.current >= 0) ring(state.current, 5, 2.5);
  }

  function wider([left, low, right, high]) {
    const more = 10 / view.scale();
    return [left - more, low - more, right + more, high + more];
  }

  const bright = (group) => !state.chosen.size || state.chosen.has(group);
  const strength = (group) => (bright(group) ? (group === MARKS ? OTHER : 1) : DIM);

  function drawSprites(bounds, ratio) {
    context.clearRect(0, 0, canvas.width, canvas.height);
    const seen = [...points.within(...bounds)];
    // Grey below colours, dim below bright.
    for (const alpha of [DIM, OTHER, 1]) {
      context.globalAlpha = alpha;
      for (const at of seen) if (strength(points.group[at]) === alpha) drawSprite(at, ratio);
    }
    context.globalAlpha = 1;
  }

  function drawSprite(at, ratio) {
    const half = sprites[0].width / 2;
    const [left, top] = view.toScreen(points.x[at], points.y[at]);
    // Whole pixels need no blending, which doubles the speed where the processor draws.
    context.drawImage(sprites[points.group[at]], Math.round(left * ratio - half), Math.round(top * ratio - half));
  }

  function drawSquares(ratio) {
    const pixels = colours.map((colour, group) => pixelOf(colour, strength(group)));
    fillSquares(Math.max(1, Math.round(1.75 * radius * ratio)), ratio, pixels);
  }

  function ring(at, gap, width) {
    const [left, top] = view.toScreen(points.x[at], points.y[at]);
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.beginPath();
    context.arc(left, top, radius + gap, 0, 2 * Math.PI);
    context.stroke();
  }

  new ResizeObserver(resize).observe(canvas);
  document.addEventListener("alcca:theme", recolour);
  return { redraw, move };
}
