import { type Color, encodePng } from '../../examples/tools/encode-png.ts';

const WIDTH = 480;
const HEIGHT = 300;
const SHORE = 200;
const PINES: Color = [49, 87, 63];
const ROCK: Color = [143, 131, 118];
const HOUSE: Color = [168, 92, 66];
const ROOF: Color = [92, 52, 44];

/** An island in a lake, with pines and a boathouse: a PNG. */
export const ISLAND = encodePng(WIDTH, HEIGHT, (x, y) => {
  if (isIn(x, y, 300, 340, 168, 198)) return y < 180 ? ROOF : HOUSE;
  if (y < SHORE && isPine(x, y)) return PINES;
  if (((x - 250) / 150) ** 2 + ((y - SHORE) / 26) ** 2 < 1) return ROCK;
  return y < SHORE
    ? mix([183, 212, 226], [240, 232, 214], y / SHORE)
    : mix([104, 149, 168], [58, 97, 118], (y - SHORE) / 100);
});

function isIn(x: number, y: number, left: number, right: number, top: number, bottom: number): boolean {
  return x >= left && x < right && y >= top && y < bottom;
}

/** Whether a pine covers a pixel. Pines stand side by side, the highest in the middle. */
function isPine(x: number, y: number): boolean {
  const middle = Math.round(x / 24) * 24;
  const height = 120 - Math.abs(middle - 230) * 0.75;
  const fromTop = y - (SHORE - height);
  return middle > 130 && middle < 370 && fromTop > 0 && Math.abs(x - middle) < 3 + ((fromTop % 32) / 32) * 11;
}

function mix(from: Color, to: Color, share: number): Color {
  const part = (a: number, b: number) => Math.round(a + (b - a) * share);
  return [part(from[0], to[0]), part(from[1], to[1]), part(from[2], to[2])];
}
