/** Figures of an evaluation, chosen and put in words. */

import { count } from "./format.js";

// At which methods are compared elsewhere in alcca.
const USUAL_COMPONENTS = 80;

/**
 * The figures of each method in a direction, at 80 components or else at its most; the best method first.
 * @returns {Array<{method: string, components: number, instance: Object, category: Object}>} the last two hold rows by
 *   measure
 */
export function figures(rows, direction) {
  const mine = rows.filter((row) => row.direction === direction);
  const methods = [...new Set(mine.map((row) => row.method))];
  return methods
    .map((method) => figuresOf(mine, method, USUAL_COMPONENTS))
    .sort((one, other) => (other.instance.MRR1?.value ?? 0) - (one.instance.MRR1?.value ?? 0));
}

// Words and learned space together, as on this page; evaluations of before have no search.
const TOGETHER = ["search", "fused"];

/** The same of what this page searches with, at the model's components; null when that was not measured. */
export function figuresInUse(rows, direction, model) {
  const mine = rows.filter((row) => row.direction === direction);
  const together = TOGETHER.find((method) => mine.some((row) => row.method === method));
  if (together) return figuresOf(mine, together, 0);
  // A model is called by its class, a method as on the command line: ALCCA, alcca.
  const method = mine.find((row) => row.method.toLowerCase() === model?.method.toLowerCase())?.method;
  return method ? figuresOf(mine, method, model.components) : null;
}

function figuresOf(rows, method, wanted) {
  const own = rows.filter((row) => row.method === method);
  const tried = own.map((row) => row.components);
  const components = [wanted, USUAL_COMPONENTS].find((one) => tried.includes(one)) ?? Math.max(...tried);
  const by = (level) =>
    Object.fromEntries(
      own.filter((row) => row.components === components && row.level === level).map((row) => [row.measure, row]),
    );
  return { method, components, instance: by("instance"), category: by("category") };
}

/** Whether chance could have given this figure. */
export const includesChance = ({ low, chance }) => chance !== null && low <= chance;

/** So many of a hundred; small numbers keep a decimal. */
export function ofHundred(share) {
  const hundred = share * 100;
  return hundred > 0 && hundred < 9.95 ? hundred.toFixed(1).replace(/\.0$/, "") : hundred.toFixed(0);
}

/** The sentences about one method in one direction; `model` is what the page searches with, if anything. */
export function inWords({ method, components, instance }, { asks, answers, model }) {
  const one = instance["R@1"];
  const ten = instance["R@10"];
  const rank = instance.MRR1;
  const { pool = 0 } = Object.values(instance)[0] ?? {};
  const given = asks === "sound" ? "a song’s sound" : "a song’s lyrics";
  const first = one
    ? `Given ${given}, the right ${answers} came first in ${ofHundred(one.value)} of 100 tries, ` +
      `out of ${count(Math.round(pool))}.${guessing(one)}`
    : `Given ${given}, the right ${answers} had to be found out of ${count(Math.round(pool))}.`;
  const doubtful = rank ? includesChance(rank) : one ? includesChance(one) : true;
  const more = [
    one && `The 95% interval goes from ${ofHundred(Math.max(0, one.low))} to ${ofHundred(one.high)}.`,
    one && !doubtful && includesChance(one) && "First places alone are too few to distinguish this from guessing.",
    ten && `Among the first ten they were in ${ofHundred(ten.value)} of 100.${guessing(ten)}`,
    `This is ${method}${withComponents(components)}${besideUse(method, components, model)}.`,
  ];
  return { first, more: more.filter(Boolean).join(" "), doubtful, verdict: verdict(doubtful, rank ?? one) };
}

/** "with 80 components", where a method has any. */
export const withComponents = (components) => (components ? ` with ${count(components)} components` : "");

function besideUse(method, components, model) {
  if (TOGETHER.includes(method)) return ", the words heard and the learned space, as this page searches";
  if (!model) return "";
  if (model.method.toLowerCase() !== method.toLowerCase())
    return `, the best of what was measured; this page searches with ${model.method}, which was not`;
  return model.components === components
    ? ", what this page searches with"
    : `; this page searches with ${count(model.components)}`;
}

const guessing = ({ chance }) => (chance === null ? "" : ` Guessing gives ${ofHundred(chance)}.`);

function verdict(doubtful, row) {
  if (doubtful)
    return "This cannot be distinguished from guessing: the interval includes the result of guessing. Evaluate with more songs.";
  const times = row.chance ? `, ${(row.value / row.chance).toFixed(1)} times as good by ${row.measure}` : "";
  return `Better than guessing${times}: the interval excludes the result of guessing.`;
}
