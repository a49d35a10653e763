/** Each example of docs/data.md, tried literally: rows in a block of rows, what they become in the block of text after it. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { spelled, writeCharacters } from './characters.ts';
import { newFolder } from './fixtures.ts';
import { imported } from './imported.ts';

const text = readFileSync(join(__dirname, '../../docs/data.md'), 'utf8');
const template = /```jinja\n(.*?)```/s.exec(text)?.[1] ?? '';
const examples = [...text.matchAll(/(?:<!-- trainOn: ([a-z-]+) -->\n\n)?```rows\n(.*?)```\n\n```text\n(.*?)\n```/gs)];

test('there are as many examples as blocks of rows', () => {
  expect(examples.length).toBe(text.split('```rows').length - 1);
  expect(examples.length).toBeGreaterThan(5);
});

test.each(
  examples.map(([, trainOn, rows = '', becomes = '']) => ({ rows: rows.trim().split('\n'), becomes, trainOn })),
)('$rows.0', async ({ rows, becomes, trainOn }) => {
  const folder = await newFolder();
  await writeCharacters(folder);
  await writeFile(join(folder, 'chat_template.jinja'), template);
  const settings = { endToken: '<end>', maxTokens: 300, ...(trainOn === 'each-assistant' && ({ trainOn } as const)) };
  const made = await imported(folder, rows, settings);
  expect(made.examples.map(spelled).join('\n')).toBe(becomes);
});
