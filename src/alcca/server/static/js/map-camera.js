/** Which part of the map a canvas shows: a place in the middle, and pixels for a unit of the map. */

const FARTHEST = 0.8;
const NEAREST = 80;
// Points at the very edge stay whole.
const MARGIN = 0.92;

export function makeCamera() {
  const camera = { x: 0, y: 0, zoom: 1, width: 1, height: 1 };
  const scale = () => (camera.zoom * MARGIN * Math.min(camera.width, camera.height)) / 2;
  const held = (value) => Math.max(-1, Math.min(1, value));

  // The map's y grows upwards, the screen's downwards.
  const toScreen = (x, y) => [
    camera.width / 2 + (x - camera.x) * scale(),
    camera.height / 2 - (y - camera.y) * scale(),
  ];
  const toMap = (left, top) => [
    camera.x + (left - camera.width / 2) / scale(),
    camera.y - (top - camera.height / 2) / scale(),
  ];

  function moveTo(x, y) {
    camera.x = held(x);
    camera.y = held(y);
  }

  function pan(right, down) {
    moveTo(camera.x - right / scale(), camera.y + down / scale());
  }

  /** Zoom so that what is at a point of the screen stays there. */
  function zoomAt(left, top, factor) {
    const [x, y] = toMap(left, top);
    camera.zoom = Math.max(FARTHEST, Math.min(NEAREST, camera.zoom * factor));
    const [nowX, nowY] = toMap(left, top);
    moveTo(camera.x + x - nowX, camera.y + y - nowY);
  }

  function fit() {
    Object.assign(camera, { x: 0, y: 0, zoom: 1 });
  }

  function resize(width, height) {
    Object.assign(camera, { width, height });
  }

  /** The rectangle in view: left, low, right, high. */
  function bounds() {
    const [left, high] = toMap(0, 0);
    const [right, low] = toMap(camera.width, camera.height);
    return [left, low, right, high];
  }

  /** Bring a place into view without more movement than needed. */
  function reveal(x, y) {
    const [left, top] = toScreen(x, y);
    const edge = 24;
    if (left < edge || top < edge || left > camera.width - edge || top > camera.height - edge) moveTo(x, y);
  }

  return { camera, scale, toScreen, toMap, moveTo, pan, zoomAt, fit, resize, bounds, reveal };
}
