/** A song as a card: title, certainty, matching lines, player, and links. */

import { audioOf } from "./api.js";
import { certaintyMark, evidenceOf, nearness } from "./certainty.js";
import { h } from "./dom.js";
import { clock, named } from "./format.js";
import { passageList } from "./passages.js";
import { player } from "./player.js";
import { likeAddress, mapAddress, songAddress } from "./routes.js";

/**
 * @param {Object} song
 * @param {{hit: ?Object, place: string, tag: string, heading: string, clip: ?Object}} [options] `hit` adds rank and
 *   certainty, or how near it is, `place` is "list" or "map", `heading` the level of the title, `clip` is what plays the
 *   recording that was searched by
 */
export function songCard(song, { hit = null, place = "list", tag = "li", heading = "h3", clip = null } = {}) {
  const title = h(
    heading,
    { class: "card-title" },
    h("a", { href: songAddress(song.id), id: `${place}-song-${song.id}`, "data-testid": "song-link" }, song.title),
  );
  const sound = song.has_audio ? songPlayer(song, place) : null;
  return h(
    tag,
    { class: `card ${place}-card`, "data-testid": "card", "data-song": song.id },
    h(
      "div",
      { class: "card-head" },
      hit && h("span", { class: "rank" }, h("span", { class: "unseen" }, "Number "), String(hit.rank)),
      h("div", { class: "card-names" }, title, facts(song)),
    ),
    h("div", { class: "card-side" }, hit && score(hit), recording(sound)),
    words(song, hit, sound, clip),
    actions(song, place),
  );
}

/** Artist, album, label and duration in one line. */
export function facts(song) {
  return h(
    "p",
    { class: "facts" },
    h("span", { class: song.artist ? "artist" : "artist unknown" }, song.artist ?? "Unknown artist"),
    song.album && h("span", {}, song.album),
    song.label && h("span", { class: "chip" }, song.label),
    song.seconds !== null && h("span", {}, clock(song.seconds)),
  );
}

function score(hit) {
  const told = hit.certainty ? [certaintyMark(hit), evidenceOf(hit)] : nearness(hit);
  return h("div", { class: "score", "data-testid": "score" }, told);
}

/** The player of a song. */
export const songPlayer = (song, place) =>
  player(audioOf(song.id), { name: named(song), id: `${place}-${song.id}`, seconds: song.seconds, cut: song.cut });

/** A player, or a hint that there is no recording. */
export const recording = (sound) => sound?.element ?? h("p", { class: "hint no-audio" }, "No recording");

function words(song, hit, sound, clip) {
  if (hit?.passages?.length) {
    const inClip = { play: clip?.playFrom, said: (time) => `at ${time} of the recording` };
    const inSong = { play: sound?.playFrom, said: (time) => `sung at ${time}` };
    return passageList(hit.passages, clip ? inClip : inSong);
  }
  const line = song.has_lyrics ? song.line : "No lyrics";
  return h("p", { class: song.has_lyrics ? "passage" : "passage none", "data-testid": "passage", dir: "auto" }, line);
}

/** Links to other views of a song. */
export function actions(song, place, { map = place !== "map" } = {}) {
  const go = (href, id, text) => h("a", { href, id: `${place}-${id}-${song.id}`, "data-testid": id }, text);
  return h(
    "p",
    { class: "actions" },
    song.has_audio && go(likeAddress(song.id, "audio"), "like-audio", "Songs that sound like this"),
    song.has_lyrics && go(likeAddress(song.id, "lyrics"), "like-lyrics", "Songs with lyrics like this"),
    map && go(mapAddress(song.id), "on-map", "On the map"),
  );
}
