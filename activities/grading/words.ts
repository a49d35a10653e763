/** Texts as words, and how far apart two of them are. */

/** White space of any kind and length separates words, and counts for nothing else. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Words to replace, remove or insert (V. I. Levenshtein, 1966). */
export function wordEdits(from: readonly string[], to: readonly string[]): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, word] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const replace = (above[column] ?? 0) + (word === other ? 0 : 1);
      const remove = (above[column + 1] ?? 0) + 1;
      const insert = (current[column] ?? 0) + 1;
      current.push(Math.min(replace, remove, insert));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
