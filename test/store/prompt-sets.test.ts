import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findPromptSet, openStore, type Store } from '../../store/index.ts';
import { newFolder } from './fixtures.ts';

let store: Store;

const set = (hash: string) => ({ hash: hash.repeat(32), prompts: 10, duplicates: 2, tokenizer: 'c'.repeat(64) });

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  for (const hash of ['ab', 'ac', 'ff']) await store.savePromptSet(set(hash));
});

afterEach(() => store.close());

describe('an alias', () => {
  test('moves; the sets do not', async () => {
    await store.movePromptAlias('heldout', set('ab').hash);
    await store.movePromptAlias('heldout', set('ac').hash);
    await store.movePromptAlias('heldout', set('ac').hash);
    await store.movePromptAlias('best', set('ac').hash);
    expect(await store.promptAlias('heldout')).toBe(set('ac').hash);
    const sets = await store.promptSets();
    expect(sets.find(({ hash }) => hash === set('ac').hash)).toEqual({
      ...set('ac'),
      createdAt: expect.any(String),
      aliases: ['best', 'heldout'],
    });
    expect(sets.find(({ hash }) => hash === set('ab').hash)?.aliases).toEqual([]);
  });

  test('stands for a set that is there, or for none', async () => {
    await expect(store.movePromptAlias('heldout', 'nothing')).rejects.toThrow();
    expect(await store.promptAlias('heldout')).toBeUndefined();
  });
});

describe('a reference', () => {
  test('is an alias, a hash, or a beginning that only one hash has', async () => {
    await store.movePromptAlias('heldout', set('ab').hash);
    const found = async (reference: Parameters<typeof findPromptSet>[1]) =>
      (await findPromptSet(store, reference)).hash;
    expect(await found({ kind: 'alias', name: 'heldout' })).toBe(set('ab').hash);
    expect(await found({ kind: 'hash', hash: set('ac').hash })).toBe(set('ac').hash);
    expect(await found({ kind: 'hash', hash: 'ffff' })).toBe(set('ff').hash);
  });

  test.each([
    [{ kind: 'hash', hash: 'a' }, 'sha256:a may be any of 2 prompt sets: give more of its hash.'],
    [{ kind: 'hash', hash: 'dd' }, 'There is no prompt set sha256:dd: add it with `pawl prompts add`'],
    [{ kind: 'alias', name: 'none' }, 'There is no prompt set alias:none'],
  ] as const)('%j means nothing', async (reference, message) => {
    await expect(findPromptSet(store, reference)).rejects.toThrow(message);
  });
});
