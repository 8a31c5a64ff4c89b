/** The songs of the map in arrays, and which of them are near a place. */

const CELLS = 64;

/**
 * @param {Array<{x: number, y: number, label: ?number}>} songs
 * @param {number} coloured how many labels have a colour of their own; the rest share the last group
 */
export function indexPoints(songs, coloured) {
  const x = Float32Array.from(songs, (song) => song.x);
  const y = Float32Array.from(songs, (song) => song.y);
  const group = Uint8Array.from(songs, ({ label }) => (label !== null && label < coloured ? label : coloured));
  const cellOf = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(((value + 1) / 2) * CELLS)));
  const cells = Array.from({ length: CELLS * CELLS }, () => []);
  songs.forEach((_, at) => cells[cellOf(y[at]) * CELLS + cellOf(x[at])].push(at));

  /** Songs in a rectangle. */
  function* within(left, low, right, high) {
    for (let row = cellOf(low); row <= cellOf(high); row += 1) {
      for (let column = cellOf(left); column <= cellOf(right); column += 1) {
        for (const at of cells[row * CELLS + column]) {
          if (x[at] >= left && x[at] <= right && y[at] >= low && y[at] <= high) yield at;
        }
      }
    }
  }

  /** How many songs are in a rectangle; for each frame, so it makes nothing. */
  function count(left, low, right, high) {
    let found = 0;
    for (let at = 0; at < x.length; at += 1) {
      if (x[at] >= left && x[at] <= right && y[at] >= low && y[at] <= high) found += 1;
    }
    return found;
  }

  /** The song nearest to a place, no farther than `reach`; -1 when there is none. */
  function nearest(atX, atY, reach) {
    let best = -1;
    let least = reach ** 2;
    for (const at of within(atX - reach, atY - reach, atX + reach, atY + reach)) {
      const away = (x[at] - atX) ** 2 + (y[at] - atY) ** 2;
      if (away <= least) [best, least] = [at, away];
    }
    return best;
  }

  /** The next song in a direction: near, and not much to the side. -1 when there is none. */
  function next(atX, atY, wayX, wayY, except) {
    let best = -1;
    let least = Infinity;
    for (let at = 0; at < x.length; at += 1) {
      const along = (x[at] - atX) * wayX + (y[at] - atY) * wayY;
      const aside = Math.abs((x[at] - atX) * wayY - (y[at] - atY) * wayX);
      const cost = along + 2 * aside;
      if (at !== except && along > 0 && aside <= along && cost < least) [best, least] = [at, cost];
    }
    return best;
  }

  return { songs, x, y, group, within, count, nearest, next };
}
