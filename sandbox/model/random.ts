/** Seeded randomness: the same text gives the same stream on every machine. */
import { createHash } from 'node:crypto';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of uniform numbers in [0, 1), a function of its seed text alone. */
export type Uniform = () => number;

export function uniformOf(seed: string): Uniform {
  const generator = xoroshiro128plus(createHash('sha256').update(seed).digest().readInt32LE(0));
  return () => {
    const high = generator.next() >>> 5;
    const low = generator.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}

/** Fills `target` with normal numbers of the given standard deviation (Box–Muller). */
export function fillNormal(target: Float32Array, std: number, uniform: Uniform): void {
  for (let i = 0; i < target.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    target[i] = radius * Math.cos(angle);
    if (i + 1 < target.length) target[i + 1] = radius * Math.sin(angle);
  }
}
