/** Which sandbox this is: an id drawn once and kept with its state, for whoever must not mistake one sandbox for another. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readFileIfAny, writeFileAtomic } from './files.ts';

/** The same for as long as the state folder lives, whatever the address. */
export function sandboxId(stateFolder: string): string {
  const path = join(stateFolder, 'sandbox.id');
  const known = readFileIfAny(path)?.toString('utf8').trim();
  if (known !== undefined && /^[0-9a-f-]{36}$/.test(known)) return known;
  const drawn = randomUUID();
  writeFileAtomic(path, drawn);
  return drawn;
}
