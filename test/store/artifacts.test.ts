import { mkdir, open, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts, sha256 } from '../../store/artifacts/artifacts.ts';
import { newFolder } from '../data/fixtures.ts';

let folder: string;
const BYTES = Buffer.from('hello');
const HASH = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

beforeEach(async () => {
  folder = join(await newFolder(), 'made', 'on', 'opening');
});

describe('artifacts', () => {
  test('are read by range, and renewed, where they are', async () => {
    const artifacts = openArtifacts(folder);
    await artifacts.put(BYTES);
    expect(await artifacts.read(HASH, { offset: 1, length: 3 })).toEqual(BYTES.subarray(1, 4));
    expect(await artifacts.read(HASH, { offset: 3, length: 300 })).toEqual(BYTES.subarray(3));
    await expect(artifacts.read(sha256('other'), { offset: 0, length: 1 })).rejects.toThrow(/is not in/);
    expect([await artifacts.renew(HASH), await artifacts.renew(sha256('other'))]).toEqual([true, false]);
  });

  test('of more than two gigabytes are read, whole or by range', async () => {
    const artifacts = openArtifacts(folder);
    const size = 2 ** 31 + 5;
    const name = '0'.repeat(64);
    await mkdir(join(folder, '00'), { recursive: true });
    // Full of holes, so that it takes no space.
    const file = await open(join(folder, '00', name.slice(2)), 'w');
    await file.truncate(size);
    await file.write('end', size - 3);
    await file.close();
    expect((await artifacts.read(name, { offset: size - 5, length: 9 })).toString('latin1')).toBe('\0\0end');
    // It is read to its end: only then its hash is known to be another.
    await expect(artifacts.get(name)).rejects.toThrow('is damaged');
  });

  test('have notes beside them, which are no artifacts and may be lost', async () => {
    const artifacts = openArtifacts(folder);
    const key = sha256('of what');
    expect(await artifacts.note(key)).toBeUndefined();
    await artifacts.keepNote(key, { done: 3 });
    expect(await openArtifacts(folder).note(key)).toEqual({ done: 3 });
    expect(await artifacts.list()).toEqual([]);
    await writeFile(join(folder, 'notes', `${key}.json`), '{"torn');
    expect(await artifacts.note(key)).toBeUndefined();
  });

  test('are named by the sha256 of their bytes', async () => {
    const artifacts = openArtifacts(folder);
    expect(await artifacts.put(BYTES)).toBe(HASH);
    expect(await artifacts.get(HASH)).toEqual(BYTES);
    expect(await readdir(join(folder, HASH.slice(0, 2)))).toEqual([HASH.slice(2)]);
  });

  test('put by many at once are one file, and no part is left', async () => {
    const writers = Array.from({ length: 20 }, () => openArtifacts(folder));
    await Promise.all(writers.map((artifacts) => artifacts.put(BYTES)));
    expect(await readdir(join(folder, HASH.slice(0, 2)))).toEqual([HASH.slice(2)]);
  });

  test('are listed without what a crash left, renewed when they are put again, and removed once', async () => {
    const artifacts = openArtifacts(folder);
    await artifacts.put(BYTES);
    const path = join(folder, HASH.slice(0, 2), HASH.slice(2));
    await writeFile(`${path}.1.part`, 'hel');
    await utimes(path, new Date(0), new Date(0));
    expect(await artifacts.list()).toEqual([{ hash: HASH, bytes: 5, modifiedMs: 0 }]);
    await artifacts.put(BYTES);
    expect((await artifacts.list())[0]?.modifiedMs).toBeGreaterThan(0);
    const old = { unlessPutSinceMs: Date.now() + 60_000 };
    expect(await artifacts.remove(HASH, old)).toBe(true);
    expect(await artifacts.remove(HASH, old)).toBe(true);
    expect(await artifacts.list()).toEqual([]);
    await expect(artifacts.get(HASH)).rejects.toThrow(/is not in/);
  });

  test('that were put since are not removed', async () => {
    const artifacts = openArtifacts(folder);
    await artifacts.put(BYTES);
    expect(await artifacts.remove(HASH, { unlessPutSinceMs: Date.now() - 60_000 })).toBe(false);
    expect(await artifacts.get(HASH)).toEqual(BYTES);
  });

  test('removed and put at the same time are there afterwards, whole', async () => {
    const [remover, planner] = [openArtifacts(folder), openArtifacts(folder)];
    const path = join(folder, HASH.slice(0, 2), HASH.slice(2));
    for (let round = 0; round < 50; round++) {
      await planner.put(BYTES);
      await utimes(path, new Date(0), new Date(0));
      const cutoff = { unlessPutSinceMs: 1_000 };
      await Promise.all([remover.remove(HASH, cutoff), planner.put(BYTES)]);
      expect(await openArtifacts(folder).get(HASH)).toEqual(BYTES);
    }
    expect(await readdir(join(folder, HASH.slice(0, 2)))).toEqual([HASH.slice(2)]);
  });

  test('may be empty', async () => {
    const artifacts = openArtifacts(folder);
    const hash = await artifacts.put(new Uint8Array());
    expect(await artifacts.get(hash)).toHaveLength(0);
  });

  test('that are cut short are written again', async () => {
    const artifacts = openArtifacts(folder);
    await mkdir(join(folder, HASH.slice(0, 2)), { recursive: true });
    await writeFile(join(folder, HASH.slice(0, 2), HASH.slice(2)), 'hel');
    await artifacts.put(BYTES);
    expect(await artifacts.get(HASH)).toEqual(BYTES);
  });

  test('that are damaged are refused', async () => {
    const writer = openArtifacts(folder);
    await writer.put(BYTES);
    await writeFile(join(folder, HASH.slice(0, 2), HASH.slice(2)), 'hullo');
    await expect(openArtifacts(folder).get(HASH)).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('is damaged: delete it'),
    });
  });

  test('that are not there say where they were looked for', async () => {
    const missing = sha256('missing');
    await expect(openArtifacts(folder).get(missing)).rejects.toThrow(`Artifact ${missing} is not in ${folder}`);
  });

  test('need a folder, not a file', async () => {
    const parent = await newFolder();
    await writeFile(join(parent, 'file'), '');
    expect(() => openArtifacts(join(parent, 'file'))).toThrow('cannot be made: choose one that can be written');
  });
});
