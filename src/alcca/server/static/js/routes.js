/** The part of the address after `#`, which says the view and what it shows, so that Back works. */

const NUMBER = /^\d+$/;

/**
 * Read the address.
 * @returns {{view: string, id: ?number, by: ?string, parameters: URLSearchParams}} `view` is "lost" for no such page.
 */
export function readRoute(hash = location.hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", id, by, ...more] = path.split("/");
  const route = {
    view: view || "search",
    id: NUMBER.test(id ?? "") ? Number(id) : null,
    by,
    parameters: new URLSearchParams(query),
  };
  const shapes = {
    search: id === undefined,
    songs: id === undefined,
    evaluation: id === undefined,
    map: by === undefined && (id === undefined || route.id !== null),
    song: by === undefined && route.id !== null,
    like: route.id !== null && (by === "audio" || by === "lyrics"),
  };
  return Object.hasOwn(shapes, route.view) && shapes[route.view] && !more.length ? route : { ...route, view: "lost" };
}

export const songAddress = (id) => `#/song/${id}`;

export const likeAddress = (id, by) => `#/like/${id}/${by}`;

export const mapAddress = (id) => `#/map/${id}`;

/** Let the address say what the view shows now, without a step of its own for Back. */
export function rewrite(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  history.replaceState(history.state, "", `#/${path}${query}`);
}
