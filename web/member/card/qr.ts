/**
 * Draws a QR code of two sizes, both of level L and of two blocks alike: version 6 for a member's code and for coupons,
 * version 8 for a voucher. Written from the standard (ISO/IEC 18004); it draws without a network.
 */
interface Size {
  readonly version: number;
  readonly side: number;
  readonly bytes: number;
  /** Of each block: the words of data, and those that correct them. */
  readonly data: number;
  readonly check: number;
  /** Rows and columns of the small squares, but for the sixth, in whose ends the large ones stand. */
  readonly crosses: readonly number[];
}
const SIZES: readonly Size[] = [
  { version: 6, side: 41, bytes: 134, data: 68, check: 18, crosses: [34] },
  { version: 8, side: 49, bytes: 192, data: 97, check: 24, crosses: [24, 42] },
];
const BLOCKS = 2;
const LEVEL_L = 0b01;
const MASK = 0;
/** From this version on, a code says which it is. */
const TOLD_FROM = 7;

/** Rows of modules, true where dark. */
export function drawQr(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  const size = SIZES.find((each) => bytes.length <= each.bytes);
  if (size === undefined) throw new RangeError(`${bytes.length} bytes are too many for a code of this size`);
  const { side } = size;
  const grid = Array.from({ length: side }, () => Array.from({ length: side }, () => false));
  const fixed = Array.from({ length: side }, () => Array.from({ length: side }, () => false));
  const put = (row: number, column: number, dark: boolean) => {
    const line = grid[row];
    const firm = fixed[row];
    if (line === undefined || firm === undefined || column < 0 || column >= side) return;
    line[column] = dark;
    firm[column] = true;
  };
  drawPatterns(put, size);
  drawFormat(put, side);
  if (size.version >= TOLD_FROM) drawVersion(put, size);
  fill(grid, fixed, interleave(encode(bytes, size), size));
  return grid;
}

type Put = (row: number, column: number, dark: boolean) => void;

function drawPatterns(put: Put, { side, crosses }: Size): void {
  for (let at = 0; at < side; at++) {
    put(6, at, at % 2 === 0);
    put(at, 6, at % 2 === 0);
  }
  for (const [row, column] of [[3, 3], [3, side - 4], [side - 4, 3]] as const)
    for (let down = -4; down <= 4; down++)
      for (let right = -4; right <= 4; right++) {
        const ring = Math.max(Math.abs(down), Math.abs(right));
        put(row + down, column + right, ring !== 2 && ring !== 4);
      }
  // One at each crossing, and those on the sixth row and column that no large one covers.
  const last = side - 7;
  const places = crosses.flatMap((row) => [...crosses.map((column) => [row, column] as const), ...(row === last ? [] : [[row, 6] as const, [6, row] as const])]);
  for (const [row, column] of places)
    for (let down = -2; down <= 2; down++)
      for (let right = -2; right <= 2; right++) put(row + down, column + right, Math.max(Math.abs(down), Math.abs(right)) !== 1);
}

/** The version, with twelve bits that correct it, twice. */
function drawVersion(put: Put, { version, side }: Size): void {
  let rest = version << 12;
  for (let bit = 17; bit >= 12; bit--) if ((rest >> bit) & 1) rest ^= 0b1111100100101 << (bit - 12);
  const bits = (version << 12) | rest;
  for (let bit = 0; bit < 18; bit++) {
    const [near, far] = [Math.floor(bit / 3), side - 11 + (bit % 3)];
    put(near, far, ((bits >> bit) & 1) === 1);
    put(far, near, ((bits >> bit) & 1) === 1);
  }
}

/** The level and the mask, with ten bits that correct them, twice. */
function drawFormat(put: Put, side: number): void {
  const told = (LEVEL_L << 3) | MASK;
  let rest = told << 10;
  for (let bit = 14; bit >= 10; bit--) if ((rest >> bit) & 1) rest ^= 0b10100110111 << (bit - 10);
  const bits = ((told << 10) | rest) ^ 0b101010000010010;
  const isDark = (bit: number) => ((bits >> bit) & 1) === 1;
  for (let bit = 0; bit < 15; bit++) {
    // Down the eighth column, past the timing pattern; and along the eighth row from the right.
    put(bit < 6 ? bit : bit < 8 ? bit + 1 : side - 15 + bit, 8, isDark(bit));
    put(8, bit < 8 ? side - 1 - bit : bit === 8 ? 7 : 14 - bit, isDark(bit));
  }
  put(side - 8, 8, true);
}

/** The bytes with their head and what fills the rest. */
function encode(bytes: Uint8Array, { data }: Size): number[] {
  const head = (0b0100 << 8) | bytes.length; // byte mode, and how many
  const nibbles = [head >> 8, (head >> 4) & 15, head & 15];
  for (const each of bytes) nibbles.push(each >> 4, each & 15);
  nibbles.push(0);
  const words: number[] = [];
  for (let at = 0; at + 1 < nibbles.length; at += 2) words.push(((nibbles[at] ?? 0) << 4) | (nibbles[at + 1] ?? 0));
  for (let pad = 0xec; words.length < BLOCKS * data; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

function interleave(words: number[], { data, check }: Size): number[] {
  const blocks = Array.from({ length: BLOCKS }, (_, number) => words.slice(number * data, (number + 1) * data));
  const checks = blocks.map((each) => correct(each, check));
  const woven: number[] = [];
  for (const [parts, length] of [[blocks, data], [checks, check]] as const)
    for (let at = 0; at < length; at++) for (const part of parts) woven.push(part[at] ?? 0);
  return woven;
}

/** Reed-Solomon over GF(256), by 0x11d: what is left of the words over the generator. */
function correct(words: readonly number[], check: number): number[] {
  const power: number[] = [];
  const log: number[] = [];
  for (let at = 0, value = 1; at < 255; at++) {
    power[at] = value;
    log[value] = at;
    value = value & 128 ? (value << 1) ^ 0x11d : value << 1;
  }
  const times = (one: number, other: number): number => (one === 0 || other === 0 ? 0 : (power[((log[one] ?? 0) + (log[other] ?? 0)) % 255] ?? 0));
  let generator = [1];
  for (let at = 0; at < check; at++) {
    const next: number[] = [];
    for (let term = 0; term <= generator.length; term++) next.push((generator[term] ?? 0) ^ times(generator[term - 1] ?? 0, power[at] ?? 0));
    generator = next;
  }
  const rest = [...words, ...generator.slice(1).map(() => 0)];
  for (let at = 0; at < words.length; at++) {
    const lead = rest[at] ?? 0;
    generator.forEach((factor, term) => (rest[at + term] = (rest[at + term] ?? 0) ^ times(factor, lead)));
  }
  return rest.slice(words.length);
}

/** Up and down in pairs of columns from the right, around what is fixed, and masked. */
function fill(grid: boolean[][], fixed: readonly (readonly boolean[])[], words: readonly number[]): void {
  let bit = 0;
  const side = grid.length;
  for (let right = side - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < side; step++) {
      const row = up ? side - 1 - step : step;
      for (const column of [right, right - 1]) {
        const line = grid[row];
        if (line === undefined || fixed[row]?.[column] === true) continue;
        const dark = (((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        line[column] = dark !== ((row + column) % 2 === 0);
        bit += 1;
      }
    }
  }
}
