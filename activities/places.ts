/**
 * Work that belongs to another platform or account is left to a worker that can do it: what this place does not know is
 * not gone elsewhere.
 */
import { PawlError } from '../domain/words/failures-of-calls.ts';
import { placeName, placeOf, samePlace, type Place } from '../domain/words/place.ts';
import type { Provisioner } from './ports.ts';

/** Which platform answers is asked this often at most, where it is only a precaution. */
const FRESH_MS = 5_000;

/** Where an activity's input may say what it belongs to. */
const NAMED_BY = ['place', 'plan', 'connection', 'target'] as const;

export interface Places {
  /** Fails with `WrongPlatform` if the input belongs elsewhere. `anew`: whatever is known, the platform is asked. */
  require(input: unknown, signal: AbortSignal, options?: { readonly anew?: boolean }): Promise<void>;
}

/** `told`: what the worker found when it started. */
export function placesOf(provisioner: Pick<Provisioner, 'place'>, told?: Place): Places {
  let known = told && { place: told, atMs: Date.now() };

  async function ask(signal: AbortSignal): Promise<Place> {
    const place = await provisioner.place(signal);
    known = { place, atMs: Date.now() };
    return place;
  }

  async function here(signal: AbortSignal): Promise<Place> {
    if (known === undefined) return ask(signal);
    const { place, atMs } = known;
    // A platform that is away for a moment has not become another one.
    return Date.now() - atMs < FRESH_MS ? place : ask(signal).catch(() => place);
  }

  return {
    async require(input, signal, { anew = false } = {}) {
      const named = placesIn(input);
      if (named.length === 0) return;
      const place = await (anew ? ask(signal) : here(signal));
      const other = named.find((one) => !samePlace(one, place));
      if (other !== undefined) throw elsewhere(other, place);
    },
  };
}

export function elsewhere(other: Place, here: Place): PawlError {
  return new PawlError(
    'WrongPlatform',
    `it belongs to ${placeName(other)}, and this worker works at ${placeName(here)}: ` +
      'left to a worker of that place; start one with its address and key',
    { detail: { wanted: placeName(other), here: placeName(here) } },
  );
}

function placesIn(input: unknown): Place[] {
  if (typeof input !== 'object' || input === null) return [];
  const fields = input as Readonly<Record<string, unknown>>;
  return NAMED_BY.flatMap((name) => placeOf(fields[name]) ?? []);
}
