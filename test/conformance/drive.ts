/** Drives a platform with pawl's own client: the chapters of the SDK's drive, in the same order. */
import type { Check } from './check.ts';
import type { Flow } from './flow.ts';
import * as lifecycle from './lifecycle.ts';
import * as losses from './losses.ts';
import { Moves } from './moves.ts';
import * as serving from './serving.ts';
import * as training from './training.ts';

const CHAPTERS = [
  lifecycle.resolve,
  lifecycle.provision,
  training.train,
  training.custom,
  training.chunked,
  training.saveAndLoad,
  losses.accumulate,
  losses.builtIn,
  serving.sync,
  serving.sample,
  serving.reattach,
  training.lora,
  lifecycle.listRows,
  lifecycle.promote,
  lifecycle.close,
];

export async function driveWithPawl(flow: Flow, url: string): Promise<readonly Check[]> {
  const at = new Moves(flow, url);
  for (const chapter of CHAPTERS) {
    try {
      await chapter(at);
    } catch (error) {
      at.add(`${chapter.name} ran to its end`, false, error instanceof Error ? error.message : String(error));
    }
  }
  for (const client of at.clients) client.close();
  await at.fireworks.close();
  return at.checks;
}
