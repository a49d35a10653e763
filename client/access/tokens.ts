/** Tokens: who may ask the HTTP API, as whom, and how long. The store has their hashes alone. */
import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../../domain/words/access.ts';
import type { StoredToken } from '../../store/rows/access-records.ts';
import { NotFoundError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';

/** So that it is known for what it is, wherever it turns up. */
const PREFIX = 'pawl_';

export class Tokens {
  readonly #store: RunStore;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** The token is told this once; it is as hard to guess as a key, so a plain hash of it is kept. */
  async add(request: {
    role: Role;
    owner: string;
    by: string;
    expiresAt?: string;
  }): Promise<{ readonly id: string; readonly token: string }> {
    const { by: createdBy, ...rest } = request;
    const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
    const id = randomBytes(4).toString('hex');
    const writer = await this.#store.writer();
    await writer.addToken({ id, ...rest, createdBy, createdAt: new Date().toISOString(), hash: hashOf(token) });
    return { id, token };
  }

  /** Newest first, those that hold no more too. */
  async list(): Promise<readonly StoredToken[]> {
    return (await (await this.#store.reader())?.tokens()) ?? [];
  }

  /** From this moment on it is no token. */
  async revoke(id: string): Promise<void> {
    const writer = await this.#store.writer();
    if (await writer.revokeToken(id)) return;
    throw new NotFoundError(`There is no token ${id}.`, '`pawl token list` shows those there are.');
  }

  /** Undefined: it never was one, has expired, or was revoked. */
  async verify(token: string): Promise<StoredToken | undefined> {
    const found = await (await this.#store.reader())?.tokenByHash(hashOf(token));
    return found !== undefined && isValid(found, Date.now()) ? found : undefined;
  }
}

/** Neither expired nor revoked. */
export function isValid({ expiresAt, revokedAt }: StoredToken, nowMs: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > nowMs);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
