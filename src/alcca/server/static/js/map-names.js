/** The names of the map's neighbourhoods, drawn over its songs: coarse ones on the whole map, finer ones nearer by. */

const FONT_SIZE = 13;
const AIR = 6;

export const nameOf = ({ words }) => words.join(" · ");

/** The neighbourhoods that fit a zoom: each level is for a map twice as large as the one before. */
export function levelAt(neighbourhoods, zoom) {
  const deepest = neighbourhoods.reduce((most, { level }) => Math.max(most, level), 0);
  const level = Math.max(0, Math.min(deepest, Math.floor(Math.log2(zoom) + 0.25)));
  return neighbourhoods.filter((one) => one.level === level);
}

/**
 * @param {Array<{level: number, x: number, y: number, songs: number, words: string[]}>} neighbourhoods
 * @param {Object} view a camera
 */
export function mapNames(neighbourhoods, view) {
  // The larger of two that would cover each other is told.
  const bySize = [...neighbourhoods].sort((one, other) => other.songs - one.songs);
  const widths = new Map();

  /** Draw what has room, in the colour `ink` with a rim of the colour `rim`. */
  return function draw(context, ink, rim) {
    context.font = `600 ${FONT_SIZE}px ${getComputedStyle(context.canvas).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = rim;
    context.fillStyle = ink;
    const taken = [];
    for (const one of levelAt(bySize, view.camera.zoom)) {
      const name = nameOf(one);
      if (!widths.has(name)) widths.set(name, context.measureText(name).width);
      const half = widths.get(name) / 2 + AIR;
      const [middle, line] = view.toScreen(one.x, one.y);
      const box = [middle - half, line - FONT_SIZE, middle + half, line + FONT_SIZE];
      if (box[2] < 0 || box[3] < 0 || box[0] > view.camera.width || box[1] > view.camera.height) continue;
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      context.strokeText(name, middle, line);
      context.fillText(name, middle, line);
    }
  };
}

const overlap = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
