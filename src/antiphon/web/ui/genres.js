/** @import { Genre } from "./types" */
/** Genres as a tree: each stands behind the one above it, the largest first. */

/**
 * @param {Genre[]} genres the largest first
 * @returns {{ name: string, depth: number }[]}
 */
export function asTree(genres) {
  const below = children(genres);
  /** @type {{ name: string, depth: number }[]} */
  const rows = [];
  /** @param {string} name @param {number} depth */
  const add = (name, depth) => {
    rows.push({ name, depth });
    for (const child of below.get(name) ?? []) add(child, depth + 1);
  };
  for (const name of below.get("") ?? []) add(name, 0);
  return rows;
}

/**
 * The genres on the way down to one, and those right below it.
 * @param {Genre[]} genres
 * @param {string} name
 */
export function around(genres, name) {
  const parents = parentsOf(genres);
  /** @type {string[]} */
  const above = [];
  for (let up = parents.get(name); up; up = parents.get(up)) above.unshift(up);
  return { above, below: children(genres).get(name) ?? [] };
}

/** @param {Genre[]} genres @returns {Map<string, string[]>} */
function children(genres) {
  /** @type {Map<string, string[]>} */
  const below = new Map();
  for (const [name, parent] of parentsOf(genres)) {
    below.set(parent, [...(below.get(parent) ?? []), name]);
  }
  return below;
}

/** A parent that is not there itself, or in a circle, is none. @param {Genre[]} genres */
function parentsOf(genres) {
  const said = new Map(genres.map((genre) => [genre.name, genre.parent]));
  /** @param {string} name */
  const ends = (name) => {
    let up = name;
    for (let steps = 0; up && steps <= said.size; steps++) up = said.get(up) ?? "";
    return !up;
  };
  return new Map(
    genres.map(({ name, parent }) => [name, said.has(parent) && ends(name) ? parent : ""]),
  );
}
