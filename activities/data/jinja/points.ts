/** Texts as Python sees them: sequences of code points, where JavaScript counts UTF-16 units. */

const SURROGATE = /[\ud800-\udfff]/;

/** The characters of a text, one per code point. */
export function points(text: string): string[] {
  return SURROGATE.test(text) ? Array.from(text) : text.split('');
}

export function pointLength(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}

/** Order of code points; that of UTF-16 units puts what lies beyond the first plane before U+E000. */
export function comparePoints(a: string, b: string): number {
  if (a === b) return 0;
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1;
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < left.length && index < right.length; index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
