/** Refuses to start on a home whose machines are rented at another place: its workers could neither use nor return them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openStore, type StoredLease } from '../../store/index.ts';
import { platformKind } from '../../domain/words/place.ts';
import type { ClientConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import { storeFile } from '../runs/run-store.ts';
import type { StackInfo } from './stack-file.ts';

const PLATFORM_URL = 'https://api.fireworks.ai';
const ASK_MS = 5_000;
const NAMED = 6;

const Accounts = z.object({ accounts: z.array(z.object({ sandboxId: z.string().optional() })).default([]) });

export async function refuseRentedElsewhere(config: ClientConfig, platform: StackInfo['platform']): Promise<void> {
  const open = await openLeases(config.home);
  const placed = open.filter((lease) => lease.platform !== undefined);
  if (placed.length === 0) return;
  const here = platform === 'sandbox' ? await sandboxOf(config.home) : await platformOf(config);
  const elsewhere = placed.filter((lease) => lease.platform !== here);
  if (elsewhere.length === 0) return;
  const names = elsewhere.slice(0, NAMED).map(nameOf);
  if (elsewhere.length > NAMED) names.push(`${elsewhere.length - NAMED} more`);
  const kinds = [...new Set(elsewhere.map((lease) => platformKind({ platform: lease.platform ?? '' })))];
  throw new UserError(
    `Machines of this home are rented elsewhere: ${names.join('; ')}.`,
    `Go on there (pawl up --platform ${kinds.join(' or ')}, with the same address and key), and stop their runs first; ` +
      'choose another home with PAWL_HOME; or give --leave-rented: they stay rented, and their runs wait.',
  );
}

function nameOf({ kind, id, runId, platform = '', account = '' }: StoredLease): string {
  return `${kind} ${id} of run ${runId} at ${platform} (account ${account})`;
}

async function openLeases(home: string): Promise<readonly StoredLease[]> {
  const path = storeFile(home);
  if (!existsSync(path)) return [];
  // One that cannot be read is for the workers to complain about, which bring an older one up to date, too.
  const store = await openStore({ path, readonly: true }).catch(() => undefined);
  try {
    return (await store?.openLeases()) ?? [];
  } finally {
    await store?.close();
  }
}

/** The sandbox of the local stack keeps its id with its state; it has none before its first start. */
async function sandboxOf(home: string): Promise<string> {
  const id = await readFile(join(home, 'sandbox', 'sandbox.id'), 'utf8').catch(() => '');
  return `sandbox:${id.trim()}`;
}

/** By its address; a base URL may lead to a sandbox, which says so. */
async function platformOf({ fireworksBaseUrl = PLATFORM_URL, fireworksApiKey = '' }: ClientConfig): Promise<string> {
  const managed = `fireworks:${new URL(fireworksBaseUrl).origin}`;
  if (managed === `fireworks:${PLATFORM_URL}`) return managed;
  try {
    const { request } = await import('./http.ts');
    const { body } = await request(new URL('/v1/accounts?pageSize=2', fireworksBaseUrl), {
      headers: { authorization: `Bearer ${fireworksApiKey}` },
      headersTimeout: ASK_MS,
      bodyTimeout: ASK_MS,
    });
    const { accounts } = Accounts.parse(await body.json());
    const id = accounts.find(({ sandboxId }) => sandboxId !== undefined)?.sandboxId;
    return id === undefined ? managed : `sandbox:${id}`;
  } catch {
    return managed;
  }
}
