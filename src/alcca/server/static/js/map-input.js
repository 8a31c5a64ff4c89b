/** Hands on the map: mouse, wheel, fingers and keys. */

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const KEY_PAN = 60;
const STEP = 1.4;
// A hand trembles; below this a press is no drag.
const TREMBLE = 5;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Object} view a camera
 * @param {{moved, hover, open, step, close}} does `moved()` after the view changed, `hover(left, top)` or
 *   `hover(null)`, `open(left, top)` for a press and `open(null)` for Enter, `step(x, y)` to the next song, `close()`
 * @returns {{zoom: (factor: number) => void, whole: () => void}} zooming about the middle, and all of the map
 */
export function handleInput(canvas, view, does) {
  const fingers = new Map();
  let dragged = 0;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function zoom(factor) {
    view.zoomAt(view.camera.width / 2, view.camera.height / 2, factor);
    does.moved();
  }

  function whole() {
    view.fit();
    does.moved();
  }

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      view.zoomAt(...place(event), Math.exp(-event.deltaY * lines * 0.0022));
      does.moved();
    },
    { passive: false },
  );

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!fingers.size) dragged = 0;
    fingers.set(event.pointerId, place(event));
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      does.hover(...now);
      return;
    }
    const [right, down] = [now[0] - before[0], now[1] - before[1]];
    dragged += Math.hypot(right, down);
    if (fingers.size === 1) view.pan(right, down);
    else pinch(event.pointerId, before, now);
    fingers.set(event.pointerId, now);
    does.hover(null);
    does.moved();
  });

  function pinch(moving, before, now) {
    const [, other] = [...fingers].find(([id]) => id !== moving);
    const spread = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    view.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    view.zoomAt((now[0] + other[0]) / 2, (now[1] + other[1]) / 2, spread(now) / spread(before));
  }

  canvas.addEventListener("pointerup", (event) => {
    const alone = fingers.size === 1;
    fingers.delete(event.pointerId);
    if (alone && dragged < TREMBLE) does.open(...place(event));
  });

  canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));

  canvas.addEventListener("pointerleave", () => does.hover(null));

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) {
      view.pan(-arrow[0] * KEY_PAN, arrow[1] * KEY_PAN);
      does.moved();
    } else if (arrow) does.step(...arrow);
    else if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-" || event.key === "_") zoom(1 / STEP);
    else if (event.key === "0") whole();
    else if (event.key === "Enter" || event.key === " ") does.open(null);
    else if (event.key === "Escape") does.close();
    else return;
    event.preventDefault();
  });

  return { zoom, whole };
}
