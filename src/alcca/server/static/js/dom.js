/** Elements from data. Text only ever becomes a text node: titles, tags and lyrics may hold anything. */

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/**
 * Make an element.
 * @param {string} tag
 * @param {Object} [attributes] `on` holds event listeners; false, null and undefined leave an attribute out.
 * @param {...(Node|string|null|false|Array)} children
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element; as `h`. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Put other children into an element. A recording that leaves the page would play on, so it is stopped first. */
export function replace(element, ...children) {
  for (const audio of element.querySelectorAll("audio")) audio.pause();
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
}

/** Say something to people who do not see the page change. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  // The same words twice are no change; emptied first, they are read again.
  announcer.textContent = "";
  requestAnimationFrame(() => {
    announcer.textContent = text;
  });
}

/** Call `work` once things have been quiet for `wait` milliseconds. */
export function debounced(work, wait) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), wait);
  };
}
