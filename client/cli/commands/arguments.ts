/** Reading numbers from the command line; a bad one is a usage error. */
import { InvalidArgumentError } from '@commander-js/extra-typings';

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
}

export function port(text: string): number {
  const value = positiveInteger(text);
  if (value > 65_535) throw new InvalidArgumentError('Give a port from 1 to 65535.');
  return value;
}
