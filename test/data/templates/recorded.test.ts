/** Templates of our own, one per construct, against what transformers renders (record.py made rendered.json). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseExactly } from '../../../activities/data/exact-json.ts';
import { jinja } from '../../../activities/data/jinja/template.ts';

type Outcome = { readonly text: string } | { readonly refused: string };

const read = (name: string): string => readFileSync(join(__dirname, name), 'utf8');
const cases = Object.entries(JSON.parse(read('cases.json')) as Record<string, string>);
const rendered = JSON.parse(read('rendered.json')) as Record<string, Outcome>;
const variables = parseExactly(read('variables.json')) as Record<string, unknown>;

function render(template: string): string | Error {
  try {
    return jinja(template).render(variables, { date: '2026-03-07' }).text;
  } catch (error) {
    if (error instanceof Error && error.name === 'RenderFault') return error;
    throw error;
  }
}

/** Constructs that Python renders and pawl refuses: no public template is known to need them. */
const STRICTER = new Set(
  cases
    .filter(([name]) => /encode\(|swapcase|none\[1:\]|\.real |true: 3|true: 4|^test (lower|upper)$/.test(name))
    .map(([name]) => name)
    .concat('private attribute'),
);

describe('a template is rendered as transformers renders it', () => {
  test.each(cases.filter(([name]) => !STRICTER.has(name)))('%s', (name, template) => {
    const outcome = rendered[name];
    const own = render(template);
    if (outcome !== undefined && 'text' in outcome) expect(own).toBe(outcome.text);
    else expect(own).toBeInstanceOf(Error);
  });

  test.each([...STRICTER])('or refused, with its line: %s', (name) => {
    const own = render(cases.find(([own]) => own === name)?.[1] ?? '');
    expect(own).toBeInstanceOf(Error);
    expect(String(own)).toMatch(/line 1 of the template: /);
  });
});

describe('the time of day', () => {
  const clock = "{{ strftime_now('%Y-%m-%d %H:%M:%S %I %p %-I %T %R') }}";
  test('is told where data.date has it, as Python writes it', () => {
    const { text } = jinja(clock).render({}, { date: '2026-03-07T14:05:09' });
    expect(text).toBe('2026-03-07 14:05:09 02 PM 2 14:05:09 14:05');
  });

  test('and asked for, where it has only the day', () => {
    expect(() => jinja(clock).render({}, { date: '2026-03-07' })).toThrow(
      'line 1 of the template: strftime_now is asked for %H: give data.date its time, as 2026-03-07T09:30:00',
    );
  });
});

/** Whether this machine's Python can make the recordings anew. */
function hasTransformers(): boolean {
  try {
    execFileSync('python3', ['-c', 'import transformers.utils.chat_template_utils, jinja2'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

(hasTransformers() ? test : test.skip)(
  'what is recorded is what this machine renders',
  () => {
    execFileSync('python3', [join(__dirname, 'record.py'), '--check'], { stdio: ['ignore', 'ignore', 'pipe'] });
  },
  300_000,
);
