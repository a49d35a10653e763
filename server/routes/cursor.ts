/** Where a page of the list of runs ended, as a text that means nothing to whoever hands it back. */
import { z } from 'zod';
import type { RunPlace } from '../../client/runs/list-runs.ts';
import { Problem } from '../problem.ts';

const Place = z.tuple([z.iso.datetime(), z.string()]);

export function cursorAfter({ createdAt, runId }: RunPlace): string {
  return Buffer.from(JSON.stringify([createdAt, runId])).toString('base64url');
}

export function placeOf(cursor: string): RunPlace {
  try {
    const [createdAt, runId] = Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { createdAt, runId };
  } catch (cause) {
    const detail = 'cursor: no page ended there. Hand back what `cursor` of a page said, as it is.';
    throw new Problem('invalid-request', { detail, errors: [{ detail, parameter: 'cursor' }] }, { cause });
  }
}
