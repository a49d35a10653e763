/** The few colours in use, by what they mean. */
import { createColors } from 'picocolors';

type Colour = (text: string) => string;

export type Colours = Readonly<Record<'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'live', Colour>>;

export function colours(enabled: boolean): Colours {
  const { green, red, yellow, dim, bold, cyan } = createColors(enabled);
  return { good: green, bad: red, warn: yellow, dim, strong: bold, live: cyan };
}
