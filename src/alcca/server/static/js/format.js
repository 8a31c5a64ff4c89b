/** Numbers and names as people read them. */

const whole = new Intl.NumberFormat("en");

export const count = (number) => whole.format(number);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Seconds as 3:07. */
export function clock(seconds) {
  const rounded = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")}`;
}

/** Seconds in words, for a screen reader. */
export function spoken(seconds) {
  const rounded = Math.max(0, Math.floor(seconds || 0));
  const minutes = Math.floor(rounded / 60);
  return `${minutes ? `${plural(minutes, "minute")} ` : ""}${plural(rounded % 60, "second")}`;
}

/** A share as a percentage that is never rounded up: only all of it is 100%. */
export function percent(share) {
  const tenths = Math.floor(share * 1000 + 1e-9) / 10;
  return `${share > 0.98 && share < 1 ? tenths.toFixed(1) : Math.floor(tenths)}%`;
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

export const day = (iso) =>
  new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" }).format(new Date(iso));

/** Title and artist in one line. */
export const named = (song) => (song.artist ? `${song.title} – ${song.artist}` : song.title);
