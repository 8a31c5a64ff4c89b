/** The server's API. Every failure becomes an `ApiError` whose message says what to do. */

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const NO_ANSWER = "The server does not respond. Is `alcca serve` still running? Start it, then try again.";

async function problem(response) {
  try {
    const { detail } = await response.json();
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // A proxy may respond with anything.
  }
  return `The server answered with ${response.status} ${response.statusText}. Try again, or check the server's output.`;
}

async function send(path, parameters = {}, init = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  let response;
  try {
    response = await fetch(`api/v1/${path}${query}`, init);
  } catch (error) {
    throw error.name === "AbortError" ? error : new ApiError(0, NO_ANSWER);
  }
  if (response.status === 401) document.dispatchEvent(new CustomEvent("alcca:login"));
  if (!response.ok) throw new ApiError(response.status, await problem(response));
  return response;
}

const ask = async (path, parameters, init) => (await send(path, parameters, init)).json();

const asJson = (body, signal) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  signal,
});

export const getStatus = (signal) => ask("status", {}, { signal });

export const getSongs = (parameters, signal) => ask("songs", parameters, { signal });

export const getSong = (id, signal) => ask(`songs/${id}`, {}, { signal });

export const getNeighbours = (id, parameters, signal) => ask(`songs/${id}/neighbours`, parameters, { signal });

export const getMap = (signal) => ask("map", {}, { signal });

export const getEvaluation = (signal) => ask("evaluation", {}, { signal });

export const audioOf = (id) => `api/v1/songs/${id}/audio`;

/**
 * Search by a recording, and give what comes while it is heard: "space", "words", "hits" and "result", each with its data.
 * @returns {AsyncGenerator<{event: string, data: Object}>}
 */
export async function* searchByAudio(file, parameters, signal) {
  const body = new FormData();
  body.append("file", file, file.name);
  const asked = { ...parameters, explain: true };
  const response = await send("search/audio/stream", asked, { method: "POST", body, signal });
  for await (const one of eventsOf(response.body)) {
    if (one.event === "problem") throw new ApiError(one.data.status, one.data.detail);
    yield one;
    if (one.event === "result") return;
  }
  throw new ApiError(0, NO_ANSWER);
}

async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    let read;
    try {
      read = await reader.read();
    } catch (error) {
      throw error.name === "AbortError" ? error : new ApiError(0, NO_ANSWER);
    }
    if (read.done) return;
    text += read.value;
    const whole = text.split("\n\n");
    text = whole.pop();
    // A comment is a sign of life.
    for (const one of whole) if (!one.startsWith(":")) yield readEvent(one);
  }
}

function readEvent(text) {
  const lines = text.split("\n").map((line) => line.split(/: (.*)/s));
  const { event, data } = Object.fromEntries(lines);
  return { event, data: JSON.parse(data) };
}

export function searchByLyrics({ lyrics, k, by, label, artist }, signal) {
  const query = { lyrics, k, by, label: label || null, artist: artist || null, explain: true };
  return ask("search/lyrics", {}, asJson(query, signal));
}

export function findPassages(query, songs, lyrics, signal) {
  return ask("passages", {}, asJson({ query, songs, lyrics: lyrics || null }, signal));
}

/** Log in with the token; the server sets a cookie that scripts cannot read. */
export async function login(token) {
  let response;
  try {
    response = await fetch("login", { method: "POST", body: new URLSearchParams({ token }) });
  } catch {
    throw new ApiError(0, NO_ANSWER);
  }
  if (!response.ok) throw new ApiError(response.status, await problem(response));
}
