/** What people's conversations have beside roles and texts: used, or refused by name; never dropped. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { spelled, writeCharacters } from './characters.ts';
import { newFolder } from './fixtures.ts';
import { imported, type Settings } from './imported.ts';

const PLAIN = `{% for m in messages %}{{ m.role + ':' + m.content + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}`;
/** Knows parts, reasoning, calls and their answers, tools, functions' names, and one variable. */
const RICH = `{% if tools %}{{ tools | tojson + '<end>' }}{% endif %}
{%- for m in messages %}
{{- m.role }}{{ '(' + m.name + ')' if m.name else '' }}:
{%- if m.role == 'assistant' and m.reasoning_content and thinking is not false %}{{ '<' + m.reasoning_content + '>' }}{% endif %}
{%- if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}
{%- for call in m.tool_calls %}{{ '@' + call.function.name + call.function.arguments | tojson }}{% endfor %}
{{- '<end>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ 'assistant:' }}{% endif %}`;

const user = (content: unknown, more: object = {}) => ({ role: 'user', content, ...more });
const assistant = (content: unknown, more: object = {}) => ({ role: 'assistant', content, ...more });

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
  await writeCharacters(folder);
});

const useTemplate = async (template: string): Promise<void> => writeFile(join(folder, 'chat_template.jinja'), template);

async function read(rows: readonly unknown[], settings: Settings = {}): Promise<string[]> {
  return (await imported(folder, rows, { endToken: '<end>', ...settings })).examples.map(spelled);
}

async function told(rows: readonly unknown[], settings: Settings = {}): Promise<string[]> {
  return (await imported(folder, rows, settings)).made.notices.map(({ level, message }) => `${level} ${message}`);
}

describe('weights', () => {
  beforeEach(async () => useTemplate(PLAIN));
  const messages = [user('2+2?'), assistant('5', { weight: 0 }), user('Sure?'), assistant('4', { weight: 1 })];

  test('of 0 leave a turn out of the loss, not out of the text', async () => {
    expect(await read([{ messages }])).toEqual(['user:2+2?<end>assistant:5<end>user:Sure?<end>assistant:[4<end>]']);
  });

  test('of rows leave them out, and are counted', async () => {
    const rows = [
      { messages, weight: 0 },
      { prompt: 'a', completion: 'b', weight: 0 },
      { messages: messages.slice(0, 2) },
      { prompt: 'a', completion: 'b', weight: 1.0 },
    ];
    expect(await read(rows)).toEqual(['a[b<end>]']);
    expect(await told(rows, { endToken: '<end>' })).toEqual([
      'info 3 of 4 rows: left out: its weight, or that of all its answers, is 0',
    ]);
  });

  test.each([
    [{ messages: [user('a'), assistant('b', { weight: 0.5 })] }, ':1: messages.1.weight: a weight is 0 or 1'],
    [
      { messages: [user('a', { weight: 1 }), assistant('b')] },
      ':1: messages.0.weight: only the assistant is trained on',
    ],
    [{ prompt: 'a', completion: 'b', weight: 2 }, ':1: weight: a weight is 0 or 1'],
  ])('of another kind are refused: %j', async (row, message) => {
    await expect(read([row])).rejects.toThrow(message);
  });
});

describe('null', () => {
  test('says that nothing is there', async () => {
    await useTemplate(PLAIN);
    const none = { name: null, tool_calls: null, reasoning_content: null, weight: null };
    const row = { messages: [user('Hi', none), assistant('Yo', none)], tools: null, system: null, source: null };
    expect(await read([row])).toEqual(['user:Hi<end>assistant:[Yo<end>]']);
  });
});

describe('what a conversation may have', () => {
  beforeEach(async () => useTemplate(RICH));

  test('a system prompt beside its messages', async () => {
    const row = { system: 'Be brief.', messages: [user('Hi'), assistant('Yo')] };
    expect(await read([row])).toEqual(['system:Be brief.<end>user:Hi<end>assistant:[Yo<end>]']);
    const twice = { ...row, messages: [{ role: 'system', content: 'x' }, ...row.messages] };
    await expect(read([twice])).rejects.toThrow(':1: system: messages begin with a system prompt of their own');
  });

  test('tools, calls and what they gave', async () => {
    const tools = [{ name: 'f', n: 1.0 }];
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: { x: 1.0, '2': 1 } } };
    const messages = [
      user('go'),
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', name: 'f', content: '7' },
      assistant('It is 7.'),
    ];
    // Numbers and keys as they are written, which JSON.stringify would not.
    const text = JSON.stringify({ messages, tools })
      .replace('"n":1', '"n":1.0')
      .replace('{"2":1,"x":1}', '{"x":1.0,"2":1}');
    expect(await read([text], { maxTokens: 200 })).toEqual([
      '[{"name": "f", "n": 1.0}]<end>user:go<end>assistant:[@f{"x": 1.0, "2": 1}<end>]tool(f):7<end>assistant:[It is 7.<end>]',
    ]);
  });

  test('content in parts, names, and reasoning by each of its names', async () => {
    const parts = [
      { type: 'text', text: 'a', image: null },
      { type: 'text', text: 'b' },
    ];
    const turns = ['reasoning_content', 'reasoning', 'thinking'].map((name) => assistant('Yo', { [name]: 'why' }));
    const rows = turns.map((turn) => ({ messages: [user(parts, { name: 'Al' }), turn] }));
    expect(await read(rows)).toEqual(turns.map(() => 'user(Al):ab<end>assistant:[<why>Yo<end>]'));
  });

  test('variables of the template, of the row before those of the experiment', async () => {
    const row = { messages: [user('Hi'), assistant('Yo', { reasoning_content: 'why' })] };
    const off = { ...row, chat_template_kwargs: { thinking: false } };
    expect(await read([row, off])).toEqual(['user:Hi<end>assistant:[<why>Yo<end>]', 'user:Hi<end>assistant:[Yo<end>]']);
    expect(await read([row], { arguments: { thinking: false } })).toEqual(['user:Hi<end>assistant:[Yo<end>]']);
  });

  test('prompt and completion as messages: the completion is trained on', async () => {
    const row = { prompt: [user('a'), assistant('b'), user('c')], completion: [assistant('d')] };
    expect(await read([row])).toEqual(['user:a<end>assistant:b<end>user:c<end>assistant:[d<end>]']);
  });
});

describe('what would not be used is refused by name', () => {
  beforeEach(async () => useTemplate(PLAIN));
  const messages = [user('Hi'), assistant('Yo')];
  test.each([
    [{ messages, functions: [{ name: 'f' }] }, ':1: functions: the chat template has no place for functions; write'],
    [{ messages, tools: [{ name: 'f' }] }, ':1: tools: the chat template has no place for tools; leave them out'],
    [{ messages, documents: [{ text: 'x' }] }, ':1: documents: the chat template has no place'],
    [{ messages, chat_template_kwargs: { enable_thinking: false } }, ':1: chat_template_kwargs.enable_thinking: the'],
    [
      { messages: [user('Hi', { name: 'Al' }), assistant('Yo')] },
      ':1: messages.0.name: the chat template does not use',
    ],
    [{ messages: [user('Hi'), assistant('Yo', { reasoning_content: 'x' })] }, ':1: messages.1.reasoning_content: the'],
    [{ messages: [user('Hi'), assistant('Yo', { tool_calls: [{}] })] }, ':1: messages.1.tool_calls: the chat template'],
    [
      { messages: [user('Hi', { mood: 'sad' }), assistant('Yo')] },
      ':1: messages.0.mood: the chat template does not use',
    ],
    [{ messages, thinking: 'x' }, ':1: thinking: rows like this have no such field, and it would not be used; take it'],
    [{ prompt: 'a', completion: 'b', system: 'x' }, ':1: system: rows like this have no such field'],
    [{ prompt: 'a', completion: 'b', messages }, ':1: messages: rows like this have no such field'],
  ])('%j', async (row, message) => {
    await expect(read([row])).rejects.toThrow(message);
  });

  test('but for columns that the experiment leaves out, and those that only keep books, which are told', async () => {
    const row = { messages, thinking: 'x', source: 'web' };
    expect(await read([row], { ignore: ['thinking'] })).toEqual(['user:Hi<end>assistant:[Yo<end>]']);
    expect(await told([row, { messages }], { ignore: ['thinking'] })).toEqual([
      'info 1 of 2 rows: the column source is not used',
    ]);
  });

  test('also of variables that the experiment gives', async () => {
    await expect(read([{ messages }], { arguments: { enable_thinking: false } })).rejects.toThrow(
      'data.chatTemplateArguments.enable_thinking: the chat template does not read enable_thinking; leave it out',
    );
  });
});

describe('other forms of rows', () => {
  beforeEach(async () => useTemplate(PLAIN));
  const sharegpt = {
    conversations: [
      { from: 'human', value: 'Hi' },
      { from: 'gpt', value: 'Yo' },
    ],
    system: 'S',
  };
  const alpaca = { instruction: 'Add.', input: '1 2', output: '3' };

  test('are seen by what they hold, and told', async () => {
    expect(await read([sharegpt, alpaca])).toEqual([
      'system:S<end>user:Hi<end>assistant:[Yo<end>]',
      'user:Add.\n1 2<end>assistant:[3<end>]',
    ]);
    expect(await told([sharegpt, alpaca, alpaca])).toEqual([
      'info 1 of 3 rows: read as sharegpt (data.format says it without this notice)',
      'info 2 of 3 rows: read as alpaca (data.format says it without this notice)',
    ]);
    expect(await told([alpaca], { format: 'alpaca' })).toEqual([]);
  });

  test('may be asked for, and are then the only ones', async () => {
    await expect(read([{ messages: [user('Hi'), assistant('Yo')] }], { format: 'alpaca' })).rejects.toThrow(
      ':1: instruction: Invalid input',
    );
    const other = { conversations: [{ from: 'narrator', value: 'Hi' }] };
    await expect(read([other])).rejects.toThrow(':1: conversations.0.from: "narrator" is no role of ShareGPT');
  });

  test('know earlier turns of Alpaca', async () => {
    expect(await read([{ ...alpaca, input: '', history: [['a', 'b']] }])).toEqual([
      'user:a<end>assistant:[b<end>]user:Add.<end>assistant:[3<end>]',
    ]);
  });
});

describe('turns', () => {
  /** Shows reasoning of the last turn only. */
  const FORGETFUL = `{% for m in messages %}{{ m.role + ':' + (m.content if loop.last else m.content.split('/')[-1]) + '<end>' }}{% endfor %}{{ 'assistant:' if add_generation_prompt }}`;
  const messages = [user('a'), assistant('x/b'), user('c'), assistant('y/d')];

  test('become an example each, where they cannot be trained at once', async () => {
    await useTemplate(FORGETFUL);
    await expect(read([{ messages }])).rejects.toThrow('set data.trainOn: each-assistant (an example for each turn)');
    expect(await read([{ messages }], { trainOn: 'each-assistant' })).toEqual([
      'user:a<end>assistant:[x/b<end>]',
      'user:a<end>assistant:b<end>user:c<end>assistant:[y/d<end>]',
    ]);
  });

  test('that are asked for with an open block of reasoning begin where prompt and answer part', async () => {
    await useTemplate(
      `{% for m in messages %}{{ m.role + ' ' + m.content.split('</think>')[-1] + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant <think>\\n' }}{% endif %}`,
    );
    const rows = [{ messages: messages.slice(0, 2) }, { messages }];
    expect(await read(rows)).toEqual([
      'user a<end>assistant [x/b<end>]',
      'user a<end>assistant [x/b<end>]user c<end>assistant [y/d<end>]',
    ]);
    expect(await told(rows)).toEqual([
      expect.stringContaining('warn all 2 rows: the prompt that asks opens a block of'),
    ]);
  });

  test('whose prompt ends otherwise are refused, naming the difference', async () => {
    await useTemplate(
      `{% for m in messages %}{{ m.role + ':' + m.content }}{% endfor %}{{ 'bot:' if add_generation_prompt }}`,
    );
    await expect(read([{ messages }])).rejects.toThrow(
      ':1: the prompt that asks for messages.1 ends in "bot:", with which the rendered answer does not begin; set',
    );
  });

  test('are what the template marks as generated, where it does', async () => {
    await useTemplate(
      `{% for m in messages %}{{ m.role + ':' }}{% if m.role == 'assistant' %}{% generation %}{{ (m.content if loop.last else m.content.split('/')[-1]) + '<end>' }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{{ '\\n' }}{% endfor %}`,
    );
    expect(await read([{ messages }])).toEqual(['user:a\nassistant:[b<end>]\nuser:c\nassistant:[y/d<end>]']);
    expect(await read([{ messages }], { trainOn: 'last-assistant' })).toEqual([
      'user:a\nassistant:b<end>\nuser:c\nassistant:[y/d<end>]',
    ]);
  });
});

describe('ends and beginnings', () => {
  test('an end that no answer holds is told, with its share', async () => {
    await useTemplate(
      `{% for m in messages %}{{ m.role + ':' + m.content }}{% endfor %}{{ 'assistant:' if add_generation_prompt }}`,
    );
    const rows = [{ messages: [user('a'), assistant('b')] }, { prompt: 'a', completion: 'b' }];
    expect(await told(rows, { endToken: '<end>' })).toEqual([
      expect.stringContaining('warn 1 of 2 rows: no answer ends in data.endToken <end>, at which samples stop'),
    ]);
    expect(await told(rows)).toEqual([expect.stringContaining('warn all 2 rows: an answer ends in no special token')]);
  });

  test('a completion that has its end is not given another', async () => {
    expect(await read([{ prompt: 'a', completion: 'b<end>' }])).toEqual(['a[b<end>]']);
  });

  test('white space behind an end does not hide it', async () => {
    await useTemplate(PLAIN.replace("'<end>'", "'<end>\\n'"));
    expect(await told([{ messages: [user('a'), assistant('b')] }], { endToken: '<end>' })).toEqual([]);
  });

  test('texts begin as transformers has them begin', async () => {
    await writeCharacters(folder, { beginning: true });
    const rows = [
      { prompt: 'a', completion: 'b' },
      { prompt: '<s>a', completion: 'b' },
    ];
    expect(await read(rows)).toEqual(['<s>a[b<end>]', '<s>a[b<end>]']);
    expect(await told(rows, { endToken: '<end>' })).toEqual([
      expect.stringContaining('info 1 of 2 rows: <s> is put before the prompt, as transformers does'),
    ]);
    expect(await read(rows, { addBeginning: false })).toEqual(['a[b<end>]', '<s>a[b<end>]']);
    expect(await told(rows, { endToken: '<end>', addBeginning: false })).toEqual([
      expect.stringContaining('warn 1 of 2 rows: the prompt has no <s> before it'),
    ]);
    await writeCharacters(folder);
    await expect(read(rows, { addBeginning: true })).rejects.toThrow('data.addBeginning: this tokenizer puts nothing');
  });
});
