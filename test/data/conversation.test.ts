import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import type { ChatSettings } from '../../activities/data/examples.ts';
import { testPool } from '../compute/pool.ts';
import { importAndRead } from './import.ts';
import { newFolder, writeRows, writeTokenizer } from './fixtures.ts';

/** One line per turn, as most templates have it; `<end>` is a special token, `user` and `assistant` are words. */
const TEMPLATE = `{%- for message in messages %}
{{- message['role'] + ' ' + message['content'] | trim + '<end>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- 'assistant ' }}
{%- endif %}`;
/** Shows the reasoning of the last turn only, as templates of reasoning models do. */
const FORGETFUL = `{%- for message in messages %}
{{- message.role + ' ' + (message.content if loop.last else message.content.split('->')[-1]) + '<end>' }}
{%- endfor %}{{- 'assistant ' if add_generation_prompt }}`;

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const TALK = [user('a'), assistant('A'), user('b'), assistant('B B')];

const compute = testPool();
let folder: string;
let tokenizerPath: string;

beforeEach(async () => {
  folder = await newFolder();
  tokenizerPath = await writeTokenizer(folder);
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const writeConfig = (config: unknown) => write('tokenizer_config.json', JSON.stringify(config));

async function importRows(
  rows: readonly unknown[],
  chat: Partial<ChatSettings> & { maxTokens?: number; endToken?: string } = {},
) {
  const { maxTokens = 32, endToken = '<end>', ...settings } = chat;
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const { made, manifest, examples } = await importAndRead(
    { artifacts, compute },
    {
      train: await writeRows(folder, rows),
      chat: { tokenizer: tokenizerPath, ...settings },
      maxTokens,
      endToken,
    },
  );
  const plain = examples.map(({ tokens, trained }) => ({ tokens: [...tokens], trained: [...trained] }));
  return { made, header: manifest, examples: plain };
}

describe('a conversation', () => {
  test('is trained on in every turn of the assistant, from its first token to its end', async () => {
    await write('chat_template.jinja', TEMPLATE);
    const { examples, header } = await importRows([{ messages: TALK }]);
    expect(examples).toEqual([{ tokens: [9, 2, 1, 10, 6, 1, 9, 3, 1, 10, 7, 7, 1], trained: [4, 6, 10, 13] }]);
    expect(header).toMatchObject({ trainOn: 'all-assistant', chatTemplate: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('is trained on in its last answer only, where that is asked for', async () => {
    await write('chat_template.jinja', TEMPLATE);
    const { examples } = await importRows([{ messages: TALK }], { trainOn: 'last-assistant' });
    expect(examples).toEqual([{ tokens: [9, 2, 1, 10, 6, 1, 9, 3, 1, 10, 7, 7, 1], trained: [10, 13] }]);
  });

  test('ends with the last turn that is trained on', async () => {
    await write('chat_template.jinja', TEMPLATE);
    const { examples } = await importRows([{ messages: TALK.slice(0, 3) }]);
    expect(examples).toEqual([{ tokens: [9, 2, 1, 10, 6, 1], trained: [4, 6] }]);
  });

  test('may stand beside prompts with completions, and is dropped and counted by the same limit', async () => {
    await write('chat_template.jinja', TEMPLATE);
    const text = { prompt: 'c', completion: 'C', source: 'told, not used' };
    const rows = [{ messages: TALK }, text, { messages: TALK.slice(0, 2) }];
    const { examples, made } = await importRows(rows, { maxTokens: 6 });
    expect(made).toMatchObject({ examples: 2, dropped: 1, maxExampleTokens: 6 });
    expect(examples[0]).toEqual({ tokens: [4, 8, 1], trained: [1, 3] });
  });

  test('whose template forgets is trained on in its last answer, and refused for all of them', async () => {
    await write('chat_template.jinja', FORGETFUL);
    const messages = [user('a'), assistant('c -> A'), user('b'), assistant('c -> B')];
    const { examples } = await importRows([{ messages }], { trainOn: 'last-assistant' });
    expect(examples).toEqual([{ tokens: [9, 2, 1, 10, 6, 1, 9, 3, 1, 10, 4, 5, 7, 1], trained: [10, 14] }]);
    await expect(importRows([{ messages }])).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: `${folder}/rows.jsonl:1: the chat template rewrites what comes before messages.3; set data.trainOn: each-assistant (an example for each turn) or last-assistant, or set data.chatTemplate to one that only adds to it`,
    });
  });
});

describe('the chat template', () => {
  const first = async (chat: Parameters<typeof importRows>[1] = {}) =>
    (await importRows([{ messages: [user('a'), assistant('A')] }], chat)).examples[0]?.tokens;
  const spelled = (words: string) => `${words} {% for message in messages %}{{ message.content }} {% endfor %}`;

  test('is the one named, else the Jinja file beside the tokenizer, else that of its config', async () => {
    await writeConfig({ chat_template: spelled('a') });
    expect(await first()).toEqual([2, 2, 6]);
    await write('chat_template.jinja', spelled('b'));
    expect(await first()).toEqual([3, 2, 6]);
    expect(await first({ template: await write('mine.jinja', spelled('c')) })).toEqual([4, 2, 6]);
  });

  test('named default is taken of several', async () => {
    const several = ['rag', 'default'].map((name, index) => ({ name, template: spelled(index === 0 ? 'a' : 'b') }));
    await writeConfig({ chat_template: several });
    expect(await first()).toEqual([3, 2, 6]);
  });

  test('knows the special tokens of the config, however they are written', async () => {
    const chatTemplate = '{{ bos_token }}{% for message in messages %}{{ message.content + eos_token }}{% endfor %}';
    await writeConfig({ chat_template: chatTemplate, bos_token: null, eos_token: { content: '<end>', lstrip: false } });
    expect(await first()).toEqual([2, 1, 6, 1]);
  });

  test('is told the day that is pinned, which is part of the data', async () => {
    const asking = spelled("{{ 'c' if strftime_now('%d') == '07' else 'b' }}");
    await write('chat_template.jinja', asking);
    expect(await first({ date: '2026-03-07' })).toEqual([4, 2, 6]);
    expect(await first({ date: '2026-03-08' })).toEqual([3, 2, 6]);
    const rows = [{ messages: [user('a'), assistant('A')] }];
    expect((await importRows(rows, { date: '2026-03-07' })).header).toMatchObject({ date: '2026-03-07' });
    await expect(first()).rejects.toThrow('strftime_now has no date: set data.date');
  });

  test('that does not ask for the day makes the same data every day', async () => {
    await write('chat_template.jinja', spelled('a'));
    const rows = [{ messages: [user('a'), assistant('A')] }];
    const [one, other] = [
      await importRows(rows, { date: '2026-03-07' }),
      await importRows(rows, { date: '2026-03-08' }),
    ];
    expect(one.made.hash).toBe(other.made.hash);
  });

  test('keeps the indentation of an answer, and what a turn wrote before it goes on', async () => {
    // The word-level tokenizer splits at blanks: a mark in place of each shows whether it is there.
    const shown = "{{ (m.content.lstrip('\\n') if m.role == 'assistant' else m.content) | replace(' ', ' -> ') }} ";
    await write(
      'chat_template.jinja',
      `{% for m in messages %}${shown}{% if m.role == 'user' %}{% continue %}{% endif %}b{% endfor %}`,
    );
    const { examples } = await importRows([{ messages: [user('a'), assistant('\n  A')] }]);
    expect(examples[0]?.tokens).toEqual([2, 5, 5, 6, 3]);
  });

  test('is not needed, nor read, without conversations', async () => {
    await write('tokenizer_config.json', 'broken');
    const { header } = await importRows([{ prompt: 'a', completion: 'A' }]);
    expect(header).not.toHaveProperty('chatTemplate');
  });

  test.each([
    ['nothing', [], ':1: messages need a chat template, and'],
    ['another config', ['tokenizer_config.json', '[]'], 'tokenizer_config.json is not a tokenizer_config.json: take'],
    [
      'broken Jinja',
      ['chat_template.jinja', 'x\n{% if %}'],
      'chat_template.jinja: not a chat template (line 2 of the template: unexpected',
    ],
    [
      'a refusal',
      ['chat_template.jinja', "{{ raise_exception('roles must\\nalternate') }}"],
      ':1: the chat template refuses messages 0 to 0 (roles must alternate); mend them or data.chatTemplate',
    ],
  ])('is refused for %s', async (_, [name, text], message) => {
    if (name !== undefined && text !== undefined) await write(name, text);
    await expect(first()).rejects.toMatchObject({ type: 'InvalidRequest', message: expect.stringContaining(message) });
  });

  test('that is named must be there', async () => {
    const template = join(folder, 'nowhere.jinja');
    await expect(first({ template })).rejects.toThrow(`data.chatTemplate: there is no file ${template}`);
  });

  test('must keep turns apart where the tokenizer puts a mark before every text', async () => {
    const file = {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      post_processor: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      model: { type: 'WordLevel', vocab: { '<unk>': 0, '▁a': 1, '▁aA': 2, '▁A': 3 }, unk_token: '<unk>' },
    };
    await write('tokenizer.json', JSON.stringify(file));
    await write('chat_template.jinja', '{% for message in messages %}{{ message.content }}{% endfor %}');
    await expect(first({ endToken: '▁a' })).rejects.toThrow(
      ':1: turns tokenized one by one read otherwise than in one piece; set',
    );
  });
});

describe('messages are refused', () => {
  test.each([
    ['without an answer', [user('a')], 'messages have no turn of the assistant; add one'],
    ['that are none', [], 'messages: Too small'],
    [
      'with a part that is not text',
      [{ role: 'user', content: [{ type: 'image' }] }, assistant('A')],
      'messages.0.content.0.type: only parts of type text',
    ],
    [
      'with calls of tools',
      [user('a'), { ...assistant('A'), tool_calls: [{ function: { name: 'f', arguments: {} } }] }],
      'messages.1.tool_calls: the chat template does not use it',
    ],
  ])('%s', async (_, messages, message) => {
    await write('chat_template.jinja', TEMPLATE);
    await expect(importRows([{ messages }])).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(`rows.jsonl:1: ${message}`),
    });
  });

  test('with tools', async () => {
    await write('chat_template.jinja', TEMPLATE);
    await expect(importRows([{ messages: TALK, tools: [{ type: 'function' }] }])).rejects.toThrow(
      ':1: tools: the chat template has no place for tools; leave them out',
    );
  });

  test('whose answer comes first, or is nothing', async () => {
    await write('chat_template.jinja', '{% for message in messages %}{{ message.content }} {% endfor %}');
    await expect(importRows([{ messages: [assistant('A')] }])).rejects.toThrow(':1: messages begin with the assistant');
    await expect(importRows([{ messages: [user('a'), assistant('')] }])).rejects.toThrow(
      ':1: messages.1 has no tokens',
    );
  });
});
