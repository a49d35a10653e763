import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { today, withPinnedDate } from '../../files/experiment/pinned-date.ts';
import { SPEC } from '../store/fixtures.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-date-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const specOf = (data: Partial<typeof SPEC.data> = {}): typeof SPEC => ({
  ...SPEC,
  model: { ...SPEC.model, tokenizer: join(folder, 'tokenizer.json') },
  data: { ...SPEC.data, ...data },
});

test.each([
  ['chat_template.jinja', "{{ strftime_now('%Y') }}"],
  ['tokenizer_config.json', JSON.stringify({ chat_template: "{{ strftime_now('%d %B') }}" })],
])('the day of submission is part of the experiment where %s asks for it', async (name, text) => {
  await writeFile(join(folder, name), text);
  const before = today();
  const { data } = await withPinnedDate(specOf());
  expect([before, today()]).toContain(data.date);
  expect(data.date).toMatch(/^\d{4}-\d\d-\d\d$/);
});

test('a template of the experiment may ask too', async () => {
  const chatTemplate = join(folder, 'own.jinja');
  await writeFile(chatTemplate, "{%- if strftime_now is defined %}{{ strftime_now('%d') }}{% endif %}");
  expect((await withPinnedDate(specOf({ chatTemplate }))).data.date).toBeDefined();
});

test('a day that is given stays, and one that nobody asks for is not written down', async () => {
  await writeFile(join(folder, 'chat_template.jinja'), 'no day');
  expect(await withPinnedDate(specOf())).toEqual(specOf());
  await writeFile(join(folder, 'chat_template.jinja'), "{{ strftime_now('%Y') }}");
  const given = specOf({ date: '2026-01-31' });
  expect(await withPinnedDate(given)).toEqual(given);
});
