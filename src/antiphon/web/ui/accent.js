/** The accent's hue follows the cover that plays; its lightness stays, and with it the contrast. */

import { effect } from "@preact/signals";
import { artUrl } from "./art.js";
import { current } from "./queue-state.js";

const SIDE = 24;
const BINS = 24;
const LEAST_COLOUR = 0.06;

export function startAccent() {
  effect(() => {
    const art = current.value?.track.art_id;
    const still = (/** @type {number | null} */ hue) => {
      if (art === current.value?.track.art_id) paint(hue);
    };
    if (art) hueOf(artUrl(art, 96)).then(still, () => still(null));
    else paint(null);
  });
}

/** @param {number | null} hue degrees in OKLCH */
function paint(hue) {
  const { style } = document.documentElement;
  if (hue === null) style.removeProperty("--hue");
  else style.setProperty("--hue", hue.toFixed(0));
}

/** @param {string} url */
async function hueOf(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context?.drawImage(image, 0, 0, SIDE, SIDE);
  return dominantHue(context?.getImageData(0, 0, SIDE, SIDE).data ?? new Uint8ClampedArray());
}

/**
 * The hue that most of the colour has; null for a grey picture.
 * @param {Uint8ClampedArray} pixels RGBA
 */
function dominantHue(pixels) {
  const bins = new Float64Array(BINS);
  for (let i = 0; i < pixels.length; i += 4) {
    const { chroma, hue } = oklch(pixels[i], pixels[i + 1], pixels[i + 2]);
    if (chroma > LEAST_COLOUR) bins[Math.floor((hue / 360) * BINS) % BINS] += chroma;
  }
  const best = bins.indexOf(Math.max(...bins));
  return bins[best] > 0 ? ((best + 0.5) / BINS) * 360 : null;
}

/** sRGB to OKLCH without lightness (Björn Ottosson, 2020). @param {number[]} rgb 0 to 255 */
function oklch(...rgb) {
  const [r, g, b] = rgb.map((value) => (value / 255) ** 2.2);
  const l = Math.cbrt(0.4122 * r + 0.5363 * g + 0.0514 * b);
  const m = Math.cbrt(0.2119 * r + 0.6807 * g + 0.1074 * b);
  const s = Math.cbrt(0.0883 * r + 0.2817 * g + 0.63 * b);
  const x = 1.978 * l - 2.4286 * m + 0.4506 * s;
  const y = 0.0259 * l + 0.7828 * m - 0.8087 * s;
  return { chroma: Math.hypot(x, y), hue: ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360 };
}
