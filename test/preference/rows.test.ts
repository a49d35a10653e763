import { beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../activities/data/dataset.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder, writeRows, writeTokenizer } from '../data/fixtures.ts';

const compute = testPool();
let folder: string;

beforeEach(async () => {
  folder = await newFolder();
  await writeTokenizer(folder);
  const turn = "{{ message.role + ' ' + message.content + ' ' }}{% if message.role == 'assistant' %}<end> {% endif %}";
  const asked = "{% if add_generation_prompt %}{{ 'assistant ' }}{% endif %}";
  await writeFile(join(folder, 'chat_template.jinja'), `{% for message in messages %}${turn}{% endfor %}${asked}`);
});

interface Made {
  readonly examples: { readonly tokens: number[]; readonly trained: number[] }[];
  readonly dropped: number;
  readonly notices: string[];
}

async function made(rows: readonly unknown[], preferences: 'pairs' | 'labelled', maxTokens = 32): Promise<Made> {
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const chat = { tokenizer: join(folder, 'tokenizer.json') };
  const { hash, dropped, notices } = await importDataset(
    { artifacts, compute },
    { train: await writeRows(folder, rows), chat, maxTokens, endToken: '<end>', preferences },
  );
  const dataset = await openDataset(artifacts, hash);
  expect(dataset.manifest.preferences).toBe(preferences);
  const examples = await dataset.read(Array.from({ length: dataset.examples }, (_, index) => index));
  return {
    examples: examples.map(({ tokens, trained }) => ({ tokens: [...tokens], trained: [...trained] })),
    dropped,
    notices: notices.map(({ notice }) => notice),
  };
}

/** <end> 1, a 2, b 3, c 4, -> 5, user 9, assistant 10 */
const TEXTS = [
  { tokens: [2, 5, 3, 1], trained: [2, 4] },
  { tokens: [2, 5, 4, 1], trained: [2, 4] },
];
const CHAT = [
  { tokens: [9, 2, 10, 3, 1], trained: [3, 5] },
  { tokens: [9, 2, 10, 4, 1], trained: [3, 5] },
];

const user = { role: 'user', content: 'a' };
const good = { role: 'assistant', content: 'b' };
const bad = { role: 'assistant', content: 'c' };

describe('a pair', () => {
  test.each([
    ['texts', { prompt: 'a ->', chosen: 'b', rejected: 'c' }, TEXTS],
    ['messages and texts', { messages: [user], chosen: 'b', rejected: 'c' }, CHAT],
    ['messages and messages', { prompt: [user], chosen: [good], rejected: bad }, CHAT],
    ['a text that is asked, and messages', { prompt: 'a', chosen: [good], rejected: [bad] }, CHAT],
    ['conversations that begin alike', { chosen: [user, good], rejected: [user, bad] }, CHAT],
    ['conversations with their prompt', { prompt: 'a', chosen: [user, good], rejected: [user, bad] }, CHAT],
    ['conversations in objects', { chosen: { messages: [user, good] }, rejected: { messages: [user, bad] } }, CHAT],
    [
      "OpenAI's names",
      { input: { messages: [user], tools: [] }, preferred_output: [good], non_preferred_output: [bad] },
      CHAT,
    ],
  ])('of %s is two examples, chosen first', async (_, row, expected) => {
    expect((await made([row], 'pairs')).examples).toEqual(expected);
  });

  test('whose conversations go on after they part is trained on from there', async () => {
    const more = [
      { role: 'user', content: 'c' },
      { role: 'assistant', content: 'a' },
    ];
    const { examples } = await made([{ chosen: [user, good, ...more], rejected: [user, bad] }], 'pairs');
    expect(examples).toEqual([{ tokens: [9, 2, 10, 3, 1, 9, 4, 10, 2, 1], trained: [3, 5, 8, 10] }, CHAT[1]]);
  });

  test('of the same answer twice is kept, and told', async () => {
    const { examples, notices } = await made([{ chosen: [user, good], rejected: [user, good] }], 'pairs');
    expect(examples).toEqual([CHAT[0], CHAT[0]]);
    expect(notices).toContain('equal-pair');
  });

  test('of an empty answer teaches to stop', async () => {
    const { examples } = await made([{ prompt: 'a ->', chosen: '', rejected: 'c' }], 'pairs');
    expect(examples[0]).toEqual({ tokens: [2, 5, 1], trained: [2, 3] });
  });

  test('of which one side is too long is left out as a whole', async () => {
    const rows = [
      { prompt: 'a', chosen: 'b', rejected: 'c c c c' },
      { prompt: 'a ->', chosen: 'b', rejected: 'c' },
    ];
    const { examples, dropped } = await made(rows, 'pairs', 4);
    expect(examples).toEqual(TEXTS);
    expect(dropped).toBe(1);
  });

  test.each([
    [{ prompt: 'a', chosen: 'b' }, 'rejected: expected text, or messages'],
    [
      { chosen: 'b', rejected: 'c' },
      'prompt: expected text or messages, or whole conversations as chosen and rejected',
    ],
    [{ chosen: [user, good], rejected: [bad] }, 'prompt: expected text or messages, or whole conversations'],
    [{ chosen: [user, good], rejected: [{ ...user, content: 'b' }, bad] }, 'no message in common'],
    [
      { prompt: 'b', chosen: [user, good], rejected: [user, bad] },
      'prompt: is not what chosen and rejected begin with',
    ],
    [{ prompt: 'a', chosen: 'b', rejected: 'c', margin: 1 }, 'margin: rows like this have no such field'],
    [{ prompt: [user], messages: [user], chosen: 'b', rejected: 'c' }, 'messages: the row has a prompt too'],
    [{ prompt: 'a', system: 's', chosen: 'b', rejected: 'c' }, 'system: belongs to messages'],
  ])('that is none is refused: %j', async (row, message) => {
    await expect(made([row], 'pairs')).rejects.toThrow(message);
  });
});

describe('a labelled row', () => {
  const rows = [
    { prompt: 'a ->', completion: 'b', label: true },
    { prompt: 'b ->', completion: 'c c', label: false },
    { prompt: 'c c ->', completion: 'a', label: 1 },
  ];

  test('goes with its prompt and the answer of the row before, and carries its label', async () => {
    expect((await made(rows, 'labelled')).examples).toEqual([
      { tokens: [3, 5, 4, 4, 1], trained: [2, 5, 0] },
      { tokens: [3, 5, 3, 1], trained: [2, 4] },
      { tokens: [4, 4, 5, 2, 1], trained: [3, 5, 1] },
      { tokens: [4, 4, 5, 4, 4, 1], trained: [3, 6] },
      { tokens: [2, 5, 3, 1], trained: [2, 4, 1] },
      { tokens: [2, 5, 2, 1], trained: [2, 4] },
    ]);
  });

  test('is never left out for the answer of another', async () => {
    const { examples, dropped } = await made(rows, 'labelled', 5);
    expect(dropped).toBe(0);
    expect(examples[3]).toEqual({ tokens: [4, 4, 5, 4, 4], trained: [3, 5] });
  });

  test('may be a conversation that ends with the answer', async () => {
    const [own] = (await made([{ messages: [user, good], label: false }], 'labelled')).examples;
    expect(own).toEqual({ tokens: [9, 2, 10, 3, 1], trained: [3, 5, 0] });
  });

  test.each([
    [{ prompt: 'a', completion: 'b' }, 'label: expected true (a good answer) or false'],
    [{ prompt: 'a', label: true }, 'completion: expected text, or messages that end with the assistant'],
  ])('that is none is refused: %j', async (row, message) => {
    await expect(made([row], 'labelled')).rejects.toThrow(message);
  });
});
