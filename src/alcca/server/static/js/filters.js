/** The filters of every view: label and artist. */

import { h } from "./dom.js";
import { count } from "./format.js";

/**
 * @param {Object} status the library's, whose labels and artists are offered
 * @param {{name: string, label: ?string, artist: ?string, changed: Function}} options `name` keeps ids apart
 * @returns {{element: HTMLElement, values: () => {label: string, artist: string}}}
 */
export function filters(status, { name, label, artist, changed }) {
  const names = status.labels.map((facet) => facet.name);
  const labels = h(
    "select",
    { id: `${name}-label`, on: { change: tell } },
    h("option", { value: "" }, "Any label"),
    status.labels.map((facet) => h("option", { value: facet.name }, `${facet.name} (${count(facet.songs)})`)),
    label && !names.includes(label) && h("option", { value: label }, label),
  );
  labels.value = label ?? "";
  const hint = h("p", { class: "hint filter-hint", id: `${name}-artist-hint`, role: "status" });
  const artists = h("input", {
    id: `${name}-artist`,
    type: "text",
    list: `${name}-artists`,
    placeholder: "Any artist",
    autocomplete: "off",
    "aria-describedby": `${name}-artist-hint`,
    value: artist,
    on: { change: tell },
  });
  const known = new Map(status.artists.map((facet) => [facet.name.toLocaleLowerCase(), facet.name]));

  function tell() {
    const typed = artists.value.trim();
    const found = known.get(typed.toLocaleLowerCase());
    if (found) artists.value = found;
    hint.textContent = typed && !found ? "No artist of this name; choose one from the list." : "";
    changed?.();
  }

  const clear = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      id: `${name}-clear`,
      on: {
        click: () => {
          labels.value = "";
          artists.value = "";
          tell();
        },
      },
    },
    "Clear",
  );
  const element = h(
    "fieldset",
    { class: "filters", id: `${name}-filters` },
    h("legend", { class: "unseen" }, "Only songs with"),
    field("Label", labels),
    field("Artist", artists, hint),
    clear,
    h(
      "datalist",
      { id: `${name}-artists` },
      status.artists.map((facet) => h("option", { value: facet.name })),
    ),
  );
  return { element, values: () => ({ label: labels.value, artist: artists.value.trim() }) };
}

/** A control below its name. */
export function field(title, control, ...more) {
  return h("div", { class: "field" }, h("label", { for: control.id }, title), control, more);
}
