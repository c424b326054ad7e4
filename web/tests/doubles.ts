// Numbers for tests: edge cases, and random bits.

/** Returns a generator of 32 random bits, reproducible by its seed: mulberry32. */
function randomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Returns a generator of whole numbers from 0 to below a limit. */
export function wholes(seed: number): (limit: number) => number {
  const bits = randomBits(seed);
  return (limit) => bits() % limit;
}

/** Returns a generator of finite doubles with random bits. */
export function doubles(seed: number): () => number {
  const view = new DataView(new ArrayBuffer(8));
  const bits = randomBits(seed);
  return () => {
    for (;;) {
      view.setUint32(0, bits());
      view.setUint32(4, bits());
      const value = view.getFloat64(0);
      if (Number.isFinite(value)) return value;
    }
  };
}

const HUGE = Number.MAX_VALUE;
const LEAST = 5e-324;

export const PAIRS: readonly (readonly [number, number])[] = [
  [1, 1.00000024],
  [1, 1 + 2 ** -52],
  [-1, -1 - 2 ** -52],
  [1, 1],
  [0, 0],
  [0, -0],
  [-0, -0],
  [1e15, 1e15 + 0.125],
  [-1e15, -1e15 - 0.125],
  [1_234_567_890_123, 1_234_567_890_124],
  [-HUGE, HUGE],
  [HUGE, HUGE],
  [-HUGE, -HUGE],
  [0, HUGE],
  [HUGE / 2, HUGE],
  [LEAST, HUGE],
  [-LEAST, -HUGE],
  [0, LEAST],
  [-LEAST, LEAST],
  [LEAST, LEAST],
  [LEAST, 2 * LEAST],
  [2.2e-308, 2.3e-308],
  [1e-300, 1.0000001e-300],
  [1e300, 1.0000001e300],
  [2 ** 1000, 2 ** 1000 * (1 + 2 ** -52)],
  [2 ** 53, 2 ** 53 + 2],
  [0.1, 0.1 + 2 ** -56],
  [20.5, 1e300],
  [1e-12, 2e-12],
  [-1e-13, 1e-13],
];
