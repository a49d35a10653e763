/** The few colours in use, by what they mean. */
import { createColors } from 'picocolors';

export interface Colours {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
  live(text: string): string;
}

export function colours(enabled: boolean): Colours {
  const { green, red, yellow, dim, bold, cyan } = createColors(enabled);
  return { good: green, bad: red, warn: yellow, dim, strong: bold, live: cyan };
}
