/** Where pictures are, in the sizes that the server makes. */

const SIZES = [96, 320, 640, 1200];

/** @param {string} artId @param {number} size */
export function artUrl(artId, size) {
  return `/art/${encodeURIComponent(artId)}?size=${size}`;
}

/** The smallest picture that is sharp at so many CSS pixels. @param {string} artId @param {number} width */
export function artFor(artId, width) {
  const wanted = width * Math.min(devicePixelRatio || 1, 2);
  return artUrl(artId, SIZES.find((size) => size >= wanted) ?? 1200);
}

/** A steady hue for what has no picture. @param {string} name */
export function hueOfName(name) {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3600;
  return hash % 360;
}
