import { describe, expect, test } from '@jest/globals';
import type { Grader } from '../../activities/grading/grader.ts';
import { pooledGrader } from '../../activities/grading/pooled-grader.ts';
import { rehearseGrader } from '../../activities/grading/rehearse.ts';
import type { TextGraderSpec } from '../../activities/grading/text-graders.ts';
import { testPool } from '../compute/pool.ts';

const compute = testPool();
const about = { prompt: 'a', id: '1', signal: new AbortController().signal };
/** Looks ahead, which RE2 cannot: it is left to JavaScript. */
const NESTED = '^(?=\\d)(\\d+,?)*$';
/** A second longer for each further digit: no machine comes to the end of this one. */
const ENDLESS = `${'1'.repeat(60)}x`;

function open(spec: TextGraderSpec): Grader {
  return pooledGrader(compute, spec);
}

function prompts(references: readonly string[]): Parameters<typeof rehearseGrader>[1] {
  return references.map((reference, index) => ({ prompt: 'a', tokens: [1], reference, tags: [], hash: `${index}` }));
}

describe('a schema whose pattern never ends', () => {
  const schema = { type: 'object', properties: { code: { type: 'string', pattern: NESTED } } };

  test('is refused when it is rehearsed', async () => {
    const rehearsed = rehearseGrader(
      open({ name: 'json_schema', schema }),
      prompts([`{"code": "${ENDLESS}"}`]),
      about.signal,
    );
    await expect(rehearsed).rejects.toMatchObject({
      type: 'InvalidRequest',
      message:
        'evaluate.grader: json_schema takes longer than 5 s for one answer: write its patterns without nested repetitions.',
    });
  });

  test('leaves one answer without a score, and others with theirs', async () => {
    const grader = open({ name: 'json_schema', schema });
    await expect(grader.score(`{"code": "${ENDLESS}"}`, '', about)).rejects.toMatchObject({ type: 'InvalidRequest' });
    expect(await grader.score('{"code": "1,2,3"}', '', about)).toBe(1);
    expect(await grader.score('{"code": "one"}', '', about)).toBe(0);
  });

  test('is given up at once when the run is cancelled', async () => {
    const control = new AbortController();
    const graded = open('json_schema').score(`{"code": "${ENDLESS}"}`, JSON.stringify(schema), {
      ...about,
      signal: control.signal,
    });
    control.abort(new Error('stopped'));
    await expect(graded).rejects.toThrow('stopped');
  });
});

test('a schema for each of many prompts is compiled in the time of one look at it', async () => {
  const references = Array.from({ length: 1_000 }, (_, index) =>
    JSON.stringify({ type: 'object', required: [`f${index}`], properties: { [`f${index}`]: { type: 'string' } } }),
  );
  const cpu = process.cpuUsage();
  await rehearseGrader(open('json_schema'), prompts(references), about.signal);
  const { user } = process.cpuUsage(cpu);
  // A compiler of its own for each took 15 s of CPU; one for all takes two, on any machine.
  expect(user / 1e6).toBeLessThan(8);
  const broken = rehearseGrader(open('json_schema'), prompts([...references, '{"type": "objekt"}']), about.signal);
  await expect(broken).rejects.toThrow('evaluate.grader: prompt 1001 of the set: not a JSON schema');
});

test('two schemas of one name do not meet', async () => {
  const grader = open('json_schema');
  const named = (type: string): string =>
    JSON.stringify({ $id: 'https://example.com/answer', $defs: { it: { $id: 'it', type } }, $ref: 'it' });
  expect(await grader.score('1', named('number'), about)).toBe(1);
  expect(await grader.score('1', named('string'), about)).toBe(0);
  expect(await grader.score('"1"', named('string'), about)).toBe(1);
});

test('patterns, numbers and letters are graded as they are without the pool', async () => {
  expect(await open({ name: 'regex', pattern: '^see', flags: 'i' }).score('See', '', about)).toBe(1);
  expect(await open('numeric').score('#### 7', '7', about)).toBe(1);
  expect(await open('multiple_choice').score('B', 'A', about)).toBe(0);
  expect(await open('exact_match').score('A', 'A', about)).toBe(1);
});
