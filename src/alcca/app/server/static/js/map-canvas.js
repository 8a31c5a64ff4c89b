/** The drawing of the map. A frame is drawn when something changed, and at most one for each the screen shows. */

import { debounced } from "./dom.js";
import { MARKS, sprite } from "./map-shapes.js";

const DIM = 0.1;
// Without a graphics card, so many pictures take longer than a frame; in motion they become squares of their colour.
const CROWD = 2_500;
const SETTLED_MS = 140;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Object} points as `indexPoints` makes them
 * @param {Object} view a camera
 * @param {{hovered: number, current: number, chosen: Set<number>}} state songs by place in `points`; `chosen` groups
 *   stand out, all do when it is empty
 */
export function mapCanvas(canvas, points, view, state) {
  const context = canvas.getContext("2d");
  let sprites = [];
  let colours = [];
  let radius = 0;
  let ink = "";
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
    const rim = colourOf("--surface");
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
    const crowd = points.songs.length > 2000 ? 2.6 : 3.6;
    prepare(Math.round(Math.min(9, crowd * view.camera.zoom ** 0.35) * 2) / 2);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const seen = [...points.within(...wider(view.bounds()))];
    const bright = (at) => !state.chosen.size || state.chosen.has(points.group[at]);
    const drawMarks = moving && seen.length > CROWD ? drawSquares : drawSprites;
    // Grey below colours, dim below bright.
    drawMarks(
      seen.filter((at) => !bright(at)),
      DIM,
      ratio,
    );
    drawMarks(
      seen.filter((at) => bright(at) && points.group[at] === MARKS),
      0.7,
      ratio,
    );
    drawMarks(
      seen.filter((at) => bright(at) && points.group[at] !== MARKS),
      1,
      ratio,
    );
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (state.hovered >= 0) ring(state.hovered, 3, 1.5);
    if (state.current >= 0) ring(state.current, 5, 2.5);
  }

  function wider([left, low, right, high]) {
    const more = 10 / view.scale();
    return [left - more, low - more, right + more, high + more];
  }

  function drawSprites(songs, alpha, ratio) {
    context.globalAlpha = alpha;
    const half = sprites[0].width / 2;
    for (const at of songs) {
      const [left, top] = view.toScreen(points.x[at], points.y[at]);
      // Whole pixels need no blending, which doubles the speed where the processor draws.
      context.drawImage(sprites[points.group[at]], Math.round(left * ratio - half), Math.round(top * ratio - half));
    }
    context.globalAlpha = 1;
  }

  function drawSquares(songs, alpha, ratio) {
    context.globalAlpha = alpha;
    const side = Math.round(1.75 * radius * ratio);
    const ordered = Uint32Array.from(songs).sort((one, other) => points.group[one] - points.group[other]);
    let group = -1;
    for (const at of ordered) {
      if (points.group[at] !== group) {
        group = points.group[at];
        context.fillStyle = colours[group];
      }
      const [left, top] = view.toScreen(points.x[at], points.y[at]);
      context.fillRect(Math.round(left * ratio - side / 2), Math.round(top * ratio - side / 2), side, side);
    }
    context.globalAlpha = 1;
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
