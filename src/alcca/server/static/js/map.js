/** All songs in two dimensions, to look around in. */

import { getMap, getSong } from "./api.js";
import { songCard } from "./cards.js";
import { announce, debounced, h, replace } from "./dom.js";
import { count, named, percent, plural } from "./format.js";
import { failure, loadInto, notice, skeleton } from "./loading.js";
import { makeCamera } from "./map-camera.js";
import { mapCanvas } from "./map-canvas.js";
import { handleInput } from "./map-input.js";
import { mapLegend } from "./map-legend.js";
import { levelAt, mapNames, nameOf } from "./map-names.js";
import { indexPoints } from "./map-points.js";
import { MARKS } from "./map-shapes.js";
import { rewrite } from "./routes.js";
import { libraryStatus, whatIsMissing } from "./status.js";

const STEP = 1.6;
// How far from a song a press may be, in pixels; a finger is wider than an arrow.
const REACH = 14;
const MOST_LISTED = 60;
const WORDS =
  "Each mark is a song. Songs that are near each other tend to be alike; but two dimensions cannot show all that " +
  "tells songs apart, so near is a hint and no proof. A search uses all of it.";

export async function mapView() {
  const status = await libraryStatus();
  const missing = whatIsMissing(status);
  const body = h("div", { class: "map-body" });
  const element = h(
    "div",
    { class: "map-view" },
    h("h1", {}, "Map"),
    h("p", { class: "map-words" }, WORDS),
    missing,
    body,
  );
  if (missing) return { element, title: "Map" };
  let chart = null;
  const ready = loadInto(
    body,
    getMap,
    (map) => {
      if (!map.points.length)
        return notice("There is nothing to show yet.", "Train with `alcca train`, then come back.");
      chart = makeMap(map);
      return chart.parts;
    },
    { placeholder: h("div", { class: "map-layout" }, skeleton("map-box", 1), skeleton("map-box", 1)) },
  );
  const enter = ({ id }) => ready.then(() => id !== null && chart?.show(id));
  return { element, title: "Map", ready, enter };
}

function makeMap(map) {
  const points = indexPoints(map.points, MARKS);
  const view = makeCamera();
  const state = { hovered: -1, current: -1, chosen: new Set() };
  const canvas = h("canvas", {
    id: "map-canvas",
    class: "map-canvas",
    tabindex: 0,
    role: "application",
    "aria-label": `Map of ${plural(map.points.length, "song")}`,
    "aria-describedby": "map-keys",
  });
  const tip = h("div", { class: "map-tip", id: "map-tip", "aria-hidden": "true", hidden: true });
  const panel = h(
    "section",
    { class: "map-panel", id: "map-panel", "aria-label": "Chosen song" },
    h("p", { class: "hint" }, "Choose a song on the map to play it and to explore from there."),
  );
  const list = h("ul", { class: "map-songs", id: "map-songs" });
  const listTitle = h("summary", { id: "map-list-title" }, "Songs in view, as a list");
  const listBox = h("details", { class: "map-list", id: "map-list", on: { toggle: fillList } }, listTitle, list);
  const playAtOnce = h("input", { type: "checkbox", id: "map-autoplay", checked: true });
  const drawing = mapCanvas(canvas, points, view, mapNames(map.neighbourhoods, view), state);
  const listSoon = debounced(fillList, 250);
  const input = handleInput(canvas, view, { moved, hover, open, step, close });

  function moved() {
    drawing.move();
    listSoon();
  }

  function changed() {
    drawing.redraw();
    listSoon();
  }

  function hover(left, top) {
    const before = state.hovered;
    state.hovered = left === null ? -1 : points.nearest(...view.toMap(left, top), REACH / view.scale());
    if (state.hovered !== before) drawing.redraw();
    canvas.classList.toggle("pointing", state.hovered >= 0);
    showTip(state.hovered);
  }

  function showTip(at) {
    tip.hidden = at < 0;
    if (at < 0) return;
    const [left, top] = view.toScreen(points.x[at], points.y[at]);
    tip.textContent = named(points.songs[at]);
    tip.style.left = `${Math.max(8, Math.min(left, view.camera.width - tip.offsetWidth - 8))}px`;
    tip.style.top = `${top > 60 ? top - tip.offsetHeight - 12 : top + 16}px`;
  }

  function open(left, top) {
    const at = left === null ? state.current : points.nearest(...view.toMap(left, top), REACH / view.scale());
    if (at >= 0) choose(at, { play: playAtOnce.checked });
  }

  function step(wayX, wayY) {
    const [x, y] =
      state.current < 0 ? [view.camera.x, view.camera.y] : [points.x[state.current], points.y[state.current]];
    const next = state.current < 0 ? points.nearest(x, y, 2) : points.next(x, y, wayX, wayY, state.current);
    if (next < 0) {
      announce("No song in this direction");
      return;
    }
    state.current = next;
    view.reveal(points.x[next], points.y[next]);
    showTip(next);
    announce(describe(next));
    changed();
  }

  function describe(at) {
    const { label } = points.songs[at];
    return label === null ? named(points.songs[at]) : `${named(points.songs[at])}, ${map.labels[label]}`;
  }

  async function choose(at, { play }) {
    state.current = at;
    changed();
    const { id } = points.songs[at];
    rewrite(`map/${id}`);
    try {
      const song = await getSong(id);
      if (state.current !== at) return;
      replace(panel, songCard(song, { place: "map", tag: "div", heading: "h2" }));
      announce(`${describe(at)} chosen`);
      if (play && panel.isConnected)
        panel
          .querySelector("audio")
          ?.play()
          .catch(() => {});
    } catch (error) {
      replace(panel, failure(error));
    }
  }

  function close() {
    state.current = -1;
    showTip(-1);
    replace(panel, h("p", { class: "hint" }, "Choose a song on the map."));
    rewrite("map");
    changed();
  }

  /** Go to a song by its number, as an address asks. */
  function show(id) {
    const at = points.songs.findIndex((song) => song.id === id);
    if (at < 0) {
      replace(panel, notice("This song is not on the map.", "The map shows only songs with a vector in the learned space."));
    } else if (at !== state.current) {
      view.moveTo(points.x[at], points.y[at]);
      view.camera.zoom = Math.max(view.camera.zoom, 4);
      choose(at, { play: false });
    }
  }

  function fillList() {
    if (!listBox.open) return;
    const { x, y } = view.camera;
    const away = (at) => (points.x[at] - x) ** 2 + (points.y[at] - y) ** 2;
    const seen = [...points.within(...view.bounds())].sort((one, other) => away(one) - away(other));
    const listed = Math.min(MOST_LISTED, seen.length);
    listTitle.textContent = `Songs in view, as a list: ${count(listed)} of ${count(seen.length)}, from the middle outwards`;
    replace(
      list,
      seen.slice(0, MOST_LISTED).map((at) => {
        const pick = () => choose(at, { play: playAtOnce.checked });
        return h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "link-button", id: `map-pick-${points.songs[at].id}`, on: { click: pick } },
            describe(at),
          ),
        );
      }),
    );
  }

  const tool = (id, text, name, work) =>
    h(
      "button",
      { type: "button", class: "button square", id, "aria-label": name, title: name, on: { click: work } },
      text,
    );
  const tools = h(
    "div",
    { class: "map-tools" },
    tool("map-in", "+", "Zoom in", () => input.zoom(STEP)),
    tool("map-out", "−", "Zoom out", () => input.zoom(1 / STEP)),
    tool("map-fit", "⤢", "Whole map", input.whole),
  );
  const parts = [
    h(
      "div",
      { class: "map-layout" },
      h("div", { class: "map-frame" }, canvas, tip, tools),
      h("div", { class: "map-side" }, panel, mapLegend(map, points, state.chosen, drawing.redraw)),
    ),
    map.note && h("p", { class: "query-note", id: "map-note" }, map.note),
    h("p", { class: "hint", id: "map-share" }, `${plural(map.points.length, "song")}; ${whatIsShown(map)}`),
    h(
      "p",
      { class: "hint", id: "map-keys" },
      "Drag to move, turn the wheel or pinch to zoom. With the keyboard: arrows go from song to song, Shift " +
        "and arrows move the map, + and − zoom, 0 shows all, Enter opens a song, Escape closes it.",
    ),
    h("p", { class: "check" }, playAtOnce, h("label", { for: "map-autoplay" }, "Play a song when it is chosen")),
    placesBox(),
    listBox,
  ];
  return { parts, show };

  /** The neighbourhoods of the whole map as a list, for those who do not see them or look for one. */
  function placesBox() {
    const places = levelAt(map.neighbourhoods, 1);
    if (!places.length) return null;
    const go = (one) => () => {
      view.moveTo(one.x, one.y);
      view.camera.zoom = Math.max(view.camera.zoom, 3);
      announce(`${nameOf(one)} is in the middle of the map`);
      changed();
    };
    const button = (one, number) =>
      h(
        "button",
        { type: "button", class: "link-button", id: `map-place-${number}`, on: { click: go(one) } },
        `${nameOf(one)} (${plural(one.songs, "song")})`,
      );
    return h(
      "details",
      { class: "map-list", id: "map-places" },
      h("summary", {}, "Neighbourhoods, as a list"),
      h(
        "ul",
        { class: "map-songs" },
        places.map((one, number) => h("li", {}, button(one, number))),
      ),
    );
  }
}

function whatIsShown({ explained, neighbourhoods }) {
  if (explained !== null) return `the two dimensions show ${percent(explained)} of what tells them apart.`;
  const names =
    " The words are far more common in the lyrics around them than elsewhere; zoom in for those of smaller places.";
  return `laid out so that neighbours stay neighbours.${neighbourhoods.length ? names : ""}`;
}
