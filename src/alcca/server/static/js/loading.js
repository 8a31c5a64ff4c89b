/** What a region shows while it waits, when something went wrong, and when there is nothing. */

import { announce, h, replace } from "./dom.js";

/** Words that hold a command in backticks, with the command set as code. */
export function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

export function notice(title, text, ...more) {
  return h("div", { class: "notice" }, h("p", { class: "notice-title" }, title), h("p", {}, withCode(text)), more);
}

export function failure(error, again) {
  const retry =
    again && h("button", { type: "button", class: "button", id: "try-again", on: { click: again } }, "Try again");
  return h(
    "div",
    { class: "notice bad", role: "alert", "data-testid": "error" },
    h("p", {}, withCode(error.message)),
    retry,
  );
}

/** Grey boxes with the size of what will come, so that nothing jumps when it does. */
export function skeleton(kind, times) {
  return h(
    "div",
    { class: "skeletons", "aria-hidden": "true" },
    Array.from({ length: times }, () => h("div", { class: `skeleton ${kind}` })),
  );
}

/**
 * Begin to fill a region: placeholders first. Whoever filled it before is told to stop.
 * @returns {{signal: AbortSignal, mine: () => boolean, done: () => void}} `mine` says whether no other request has begun since
 */
export function takeOver(region, placeholder) {
  region.loading?.abort();
  const controller = new AbortController();
  region.loading = controller;
  region.setAttribute("aria-busy", "true");
  replace(region, placeholder);
  const mine = () => region.loading === controller;
  return {
    signal: controller.signal,
    mine,
    done: () => mine() && region.removeAttribute("aria-busy"),
  };
}

/** Stop whoever fills a region, and empty it. */
export function clear(region) {
  region.loading?.abort();
  region.loading = null;
  region.removeAttribute("aria-busy");
  replace(region);
}

/**
 * Fill a region with what `work` brings: placeholders first, then what `render` makes, or what went wrong.
 * A later call for the same region wins over an earlier one that answers late.
 * @param {HTMLElement} region
 * @param {(signal: AbortSignal) => Promise<*>} work
 * @param {(result: *) => (Node|Node[])} render
 * @param {{placeholder: Node}} options
 */
export async function loadInto(region, work, render, { placeholder }) {
  const turn = takeOver(region, placeholder);
  announce("Loading");
  try {
    const result = await work(turn.signal);
    if (turn.mine()) replace(region, render(result));
  } catch (error) {
    if (!turn.mine() || error.name === "AbortError") return;
    replace(
      region,
      failure(error, () => loadInto(region, work, render, { placeholder: placeholder.cloneNode(true) })),
    );
  } finally {
    turn.done();
  }
}
