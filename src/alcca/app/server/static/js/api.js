/** The server's API. Whatever goes wrong becomes an `ApiError` with words that say what to do. */

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const NO_ANSWER = "The server does not answer. Is `alcca serve` still running? Start it, then try again.";

async function problem(response) {
  try {
    const { detail } = await response.json();
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // A proxy in between may answer with anything.
  }
  return `The server answered with ${response.status} ${response.statusText}. Try again, or look at what it printed.`;
}

async function ask(path, parameters = {}, init = {}) {
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
  return response.json();
}

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

export function searchByAudio(file, parameters, signal) {
  const body = new FormData();
  body.append("file", file, file.name);
  return ask("search/audio", parameters, { method: "POST", body, signal });
}

export function searchByLyrics({ lyrics, k, label, artist }, signal) {
  return ask("search/lyrics", {}, asJson({ lyrics, k, label: label || null, artist: artist || null }, signal));
}

export function findPassages(query, songs, lyrics, signal) {
  return ask("passages", {}, asJson({ query, songs, lyrics: lyrics || null }, signal));
}

/** Give the token; a right one comes back as a cookie that scripts cannot read. */
export async function login(token) {
  let response;
  try {
    response = await fetch("login", { method: "POST", body: new URLSearchParams({ token }) });
  } catch {
    throw new ApiError(0, NO_ANSWER);
  }
  if (!response.ok) throw new ApiError(response.status, await problem(response));
}
