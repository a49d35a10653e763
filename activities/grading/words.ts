/** Texts as words. */

/** White space of any kind and length separates words, and counts for nothing else. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
