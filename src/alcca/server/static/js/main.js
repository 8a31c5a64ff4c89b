/** Which view stands on the page: the one that the address says. */

import { guardDrops } from "./clip.js";
import { h, replace } from "./dom.js";
import { evaluationView } from "./evaluation.js";
import { failure, notice } from "./loading.js";
import { loginView } from "./login.js";
import { mapView } from "./map.js";
import { readRoute } from "./routes.js";
import { searchView } from "./search.js";
import { likeView, songView } from "./song.js";
import { songsView } from "./songs.js";
import { libraryStatus } from "./status.js";
import { startTheme } from "./theme.js";

const VIEWS = {
  search: searchView,
  songs: songsView,
  song: songView,
  like: likeView,
  map: mapView,
  evaluation: evaluationView,
  lost: lostView,
};
// A clip, typed words and a place on the map are work of the person's, which must survive a look elsewhere.
const LASTING = new Set(["search", "map"]);
const main = document.getElementById("main");
const lasting = new Map();
// Where the person was in each visit of a view: how far down, and on what.
const places = new Map();
let visit = null;

function lostView() {
  return {
    element: h(
      "div",
      {},
      h("h1", {}, "No such page"),
      notice("This page does not exist.", "Start again from Search."),
    ),
    title: "No such page",
  };
}

async function make(route) {
  if (lasting.has(route.view)) return lasting.get(route.view);
  const view = await VIEWS[route.view](route);
  // Without a model a view says so, and has to look again next time.
  if (LASTING.has(route.view) && !view.element.querySelector(".notice")) lasting.set(route.view, view);
  return view;
}

async function navigate() {
  const returning = Boolean(history.state?.visit);
  const first = visit === null;
  const here = leave(history.state?.visit ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const route = readRoute();
  markCurrent(route.view);
  try {
    const view = await make(route);
    if (visit !== here) return;
    show(view);
    view.enter?.(route);
    if (!first && !returning) arrive();
    await view.ready;
    if (visit === here && returning) comeBack(places.get(here));
  } catch (error) {
    if (visit === here && error.status !== 401) replace(main, h("h1", {}, "alcca"), failure(error, navigate));
  }
}

/** Remember where the person was, and mark the new entry of the history, by which Back is known. */
function leave(next) {
  if (visit !== null) places.set(visit, { down: scrollY, on: document.activeElement?.id });
  visit = next;
  history.replaceState({ visit }, "");
  return next;
}

function show(view) {
  if (main.firstElementChild !== view.element) replace(main, view.element);
  document.title = `${view.title} – alcca`;
}

function arrive() {
  scrollTo(0, 0);
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

function comeBack(place) {
  if (!place) return;
  if (place.on) document.getElementById(place.on)?.focus({ preventScroll: true });
  scrollTo(0, place.down);
}

function markCurrent(view) {
  for (const link of document.querySelectorAll("#views a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function askForToken() {
  const entered = () => {
    lasting.clear();
    navigate();
  };
  show(loginView(entered));
}

document.getElementById("skip-link").addEventListener("click", (event) => {
  // The address holds the view, so it cannot hold the place to skip to.
  event.preventDefault();
  main.focus();
});
document.addEventListener("alcca:login", askForToken);
window.addEventListener("hashchange", navigate);
history.scrollRestoration = "manual";
guardDrops();
startTheme();
navigate();
// Views that need no status still stand below the library's name; what goes wrong here, a view says.
libraryStatus().catch(() => {});
