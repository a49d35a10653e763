import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { importPromptSet, openPromptSet, otherRendering, type PromptImport } from '../../activities/data/prompt-set.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import type { TextTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder, writeRows, writeText, writeTokenizer } from './fixtures.ts';

let folder: string;
let artifacts: Artifacts;
let tokenizer: TextTokenizer;
let asked: Omit<PromptImport, 'path'>;

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(folder);
  const file = await writeTokenizer(folder);
  tokenizer = await loadTokenizer(file);
  asked = { tokenizer, chat: { tokenizer: file, remedy: 'give one' }, maxTokens: 4 };
});

async function importRows(rows: readonly unknown[]): ReturnType<typeof importPromptSet> {
  return importPromptSet(artifacts, { path: await writeRows(folder, rows), ...asked });
}

describe('a prompt set', () => {
  test('is read back in order, each prompt with a hash of its own', async () => {
    const { hash } = await importRows([
      { prompt: 'a b ->', reference: 'A B', tags: ['short', 'easy', 'short'] },
      { prompt: 'c ->', reference: 'C' },
    ]);
    const line = '{"prompt":"c ->","tokens":[4,5],"reference":"C","tags":[]}';
    expect(await openPromptSet(artifacts, hash)).toEqual([
      {
        prompt: 'a b ->',
        tokens: [2, 3, 5],
        reference: 'A B',
        tags: ['easy', 'short'],
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      {
        prompt: 'c ->',
        tokens: [4, 5],
        reference: 'C',
        tags: [],
        hash: createHash('sha256').update(line).digest('hex'),
      },
    ]);
  });

  test('leaves out, and counts, identical rows', async () => {
    const rows = [
      { prompt: 'a', reference: 'A', tags: ['x', 'y'] },
      { reference: 'A', tags: ['y', 'x'], prompt: 'a' },
      { prompt: 'a', reference: 'B', tags: ['x', 'y'] },
    ];
    const made = await importRows(rows);
    expect(made).toEqual({ hash: expect.any(String), prompts: 2, duplicates: 1 });
    expect((await importRows(rows.slice(1))).hash).toBe(made.hash);
  });

  test('asks token ids as they are given, and has their text for people', async () => {
    const { hash } = await importRows([{ prompt: [2, 5, 1], reference: 'A' }]);
    expect(await openPromptSet(artifacts, hash)).toMatchObject([{ prompt: 'a ->', tokens: [2, 5, 1] }]);
    await expect(importRows([{ prompt: [2.5], reference: 'A' }])).rejects.toThrow(
      ':1: prompt: expected text, or a list of token ids',
    );
  });

  test('says how far it is, where that takes long', async () => {
    const told: number[] = [];
    const rows = Array.from({ length: 2_500 }, (_, index) => ({ prompt: 'a b', reference: String(index) }));
    const path = await writeRows(folder, rows);
    const made = await importPromptSet(artifacts, { path, ...asked, onProgress: (count) => told.push(count) });
    expect(made.prompts).toBe(2_500);
    expect(told).toEqual([1_000, 2_000]);
  });

  test('has another hash in another order', async () => {
    const rows = [
      { prompt: 'a', reference: 'A' },
      { prompt: 'b', reference: 'B' },
    ];
    expect((await importRows([...rows].reverse())).hash).not.toBe((await importRows(rows)).hash);
  });

  test('keeps line breaks inside its texts', async () => {
    const { hash } = await importRows([{ prompt: 'a\nb\u2028', reference: 'A\r\nB' }]);
    expect((await openPromptSet(artifacts, hash))[0]).toMatchObject({ prompt: 'a\nb\u2028', reference: 'A\r\nB' });
  });

  test('is not just any artifact', async () => {
    for (const other of ['something else', '{"format":"pawl-prompts-0","tokenizer":"x"}\n', '']) {
      const hash = await artifacts.put(Buffer.from(other));
      await expect(openPromptSet(artifacts, hash)).rejects.toThrow('not a prompt set of this version');
    }
  });

  test.each([
    [
      'no rows',
      '',
      'has no rows; write one {"prompt": "…", "reference": "…"} or {"messages": […], "reference": "…"} per line',
    ],
    ['a row without reference', '{"prompt": "a"}', ':1: reference: Invalid input: expected string'],
    ['a row with wrong tags', '{"prompt": "a", "reference": "A", "tags": "x"}', ':1: tags: Invalid input'],
    ['an empty prompt', '{"prompt": "", "reference": "A"}', ':1: prompt has no tokens'],
    [
      'a prompt too long',
      '{"prompt": "a b c a b", "reference": "A"}',
      ':1: prompt has 5 tokens, and the model’s context has room for 4 and an answer; shorten it, or choose a shape',
    ],
  ])('is refused for %s', async (_, text, message) => {
    const path = await writeText(folder, text);
    await expect(importPromptSet(artifacts, { path, ...asked })).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(message),
    });
  });

  test('renders messages as they are trained on, and asks for the next turn', async () => {
    const template = join(folder, 'other.jinja');
    await writeFile(
      template,
      '{% for m in messages %}{{ m.role + " " + m.content + " " }}{% endfor %}{% if add_generation_prompt %}assistant{% endif %}',
    );
    asked = { ...asked, maxTokens: 20, chat: { ...asked.chat, template } };
    const messages = [
      { role: 'user', content: 'a b' },
      { role: 'assistant', content: 'A' },
      { role: 'user', content: 'c' },
    ];
    const { hash } = await importRows([{ messages, reference: 'C', tags: ['chat'] }]);
    expect(await openPromptSet(artifacts, hash)).toMatchObject([
      {
        prompt: 'user a b assistant A user c assistant',
        tokens: [9, 2, 3, 10, 6, 9, 4, 10],
        reference: 'C',
        tags: ['chat'],
      },
    ]);
    await expect(importRows([{ messages: messages.slice(0, 2), reference: 'C' }])).rejects.toThrow(
      ':1: messages end with an answer of the assistant; make it the reference',
    );
    await expect(importRows([{ messages: [], reference: 'C' }])).rejects.toThrow(':1: messages: Too small');
  });

  test('remembers how its conversations were rendered', async () => {
    const template = join(folder, 'mine.jinja');
    await writeFile(template, "{% for m in messages %}{{ m.content }} {{ strftime_now('%d') }}{{ tone }}{% endfor %}");
    const chat = { ...asked.chat, template, date: '2026-03-07', arguments: { tone: 'a' } };
    asked = { ...asked, maxTokens: 20, chat };
    const { hash } = await importRows([{ messages: [{ role: 'user', content: 'a' }], reference: 'A' }]);
    const under = async (other: object): Promise<string | undefined> =>
      otherRendering(artifacts, hash, { tokenizer, chat: { ...chat, ...other } });
    expect(await under({})).toBeUndefined();
    expect(await under({ date: '2026-03-08' })).toBe('another day (data.date: 2026-03-07)');
    expect(await under({ arguments: { tone: 'b' } })).toBe('other data.chatTemplateArguments');
    await writeFile(template, "{% for m in messages %}{{ m.content }}{{ tone }}{% endfor %}{{ strftime_now('%d') }}");
    expect(await under({})).toBe('another chat template');
  });

  test('of texts alone is the same under every template', async () => {
    const { hash } = await importRows([{ prompt: 'a', reference: 'A' }]);
    const chat = { ...asked.chat, template: join(folder, 'nowhere.jinja') };
    expect(await otherRendering(artifacts, hash, { tokenizer, chat })).toBeUndefined();
  });

  test('of messages needs a chat template, and says where to name it', async () => {
    const row = { messages: [{ role: 'user', content: 'a' }], reference: 'A' };
    await expect(importRows([row])).rejects.toThrow(/:1: messages need a chat template, and .* beside it; give one\./);
  });

  test('names the field of a file that is not there', async () => {
    const path = `${folder}/nowhere.jsonl`;
    await expect(importPromptSet(artifacts, { path, ...asked })).rejects.toThrow(
      `evaluate.prompts: there is no file ${path}`,
    );
  });
});
