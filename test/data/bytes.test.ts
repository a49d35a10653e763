/** Files that are not what they should be are refused with line, column, and what they seem to be. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readJsonl } from '../../activities/data/jsonl.ts';
import { trainingRows } from '../../activities/data/training-rows.ts';
import { newFolder } from './fixtures.ts';

async function read(bytes: Buffer | string): Promise<unknown[]> {
  const path = join(await newFolder(), 'rows.jsonl');
  await writeFile(path, bytes);
  const rows: unknown[] = [];
  for await (const { row } of readJsonl(path, trainingRows())) rows.push(row);
  return rows;
}

const GOOD = '{"prompt": "a", "completion": "b"}\n';
const row = (text: string): string => `${GOOD}{"prompt": "${text}", "completion": "b"}`;

test.each([
  [
    'Latin-1',
    Buffer.from(row('café ='), 'latin1'),
    ':2:16: not UTF-8 (byte 0xe9): the file seems to be Latin-1; iconv',
  ],
  [
    'Windows-1252',
    Buffer.from(row('\x93so\x94'), 'latin1'),
    ':2:13: not UTF-8 (byte 0x93): the file seems to be Windows-1252',
  ],
  [
    'GB18030',
    Buffer.concat([Buffer.from('{"prompt": "'), Buffer.from('c4e3bac3cac0bde7', 'hex')]),
    'in an East Asian encoding',
  ],
  [
    'UTF-16',
    Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(GOOD, 'utf16le')]),
    ':1:1: not UTF-8 (byte 0xff): the file seems to be UTF-16',
  ],
  ['UTF-16 without a mark', Buffer.from(GOOD, 'utf16le'), ':1:2: a NUL byte: the file seems to be UTF-16, or damaged'],
  ['a NUL', row('a\\u0000'), ':2:14: a NUL (\\u0000), which no text has'],
  ['half of a character', row('\\ud83d'), ':2:13: half of a character (the lone surrogate \\ud83d)'],
  ['the other half', row('x\\ude00'), ':2:14: half of a character (the lone surrogate \\ude00)'],
  ['halves in the wrong order', row('\\ude00\\ud83d'), ':2:13: half of a character'],
  ['half before text', row('\\ud83dx\\ude00'), ':2:13: half of a character'],
])('%s', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining(message),
  });
});

test('whole characters, however they are written, are read', async () => {
  const rows = await read(row('\\ud83d\\ude00 😀 \\\\ud83d \\u00e9'));
  expect(rows[1]).toMatchObject({ prompt: '😀 😀 \\ud83d é' });
});

test('a line of many megabytes is one row', async () => {
  const long = 'x'.repeat(5_000_000);
  expect(await read(row(long))).toMatchObject([{}, { prompt: long }]);
});
