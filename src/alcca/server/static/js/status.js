/** The library's status: fetched once, and again while something is missing. */

import { getStatus } from "./api.js";
import { count, plural } from "./format.js";
import { notice } from "./loading.js";

let kept = null;
let asked = null;

/** The library's status; fresh while there are no songs or no model, because both may come while the page is open. */
export async function libraryStatus() {
  if (kept?.songs && kept.model) return kept;
  // Several parts of the page ask at the same time.
  asked ??= getStatus();
  try {
    kept = await asked;
  } finally {
    asked = null;
  }
  showModel(kept);
  return kept;
}

function showModel({ name, songs, model, hearing, version }) {
  document.getElementById("library-name").textContent = name;
  const score =
    model?.held_out_mrr1 === null || model?.held_out_mrr1 === undefined
      ? ""
      : `, held-out MRR1 ${model.held_out_mrr1.toFixed(2)}` +
        (model.held_out_chance === null ? "" : ` (guessing ${model.held_out_chance.toFixed(2)})`);
  const trained = model ? `${model.method} of ${model.audio_encoder} and ${model.lyrics_encoder}, trained on ${plural(model.songs, "song")}${score}` : "no model yet";
  document.getElementById("model-line").textContent = `${plural(songs, "song")} · ${count(hearing.heard)} heard · ${trained} · alcca ${version}`;
}

/** A notice about what is missing before songs can be found; null if nothing is. */
export function whatIsMissing(status) {
  if (!status.songs) {
    return notice("There are no songs yet.", "Add a music folder with `alcca add FOLDER`, then come back.");
  }
  if (!status.model) {
    return notice(
      "The library has songs, but no trained model yet.",
      "Songs can already be found by their words. Train a model with `alcca train` to find songs that sound alike.",
    );
  }
  return null;
}
