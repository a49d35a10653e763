import { describe, expect, test } from '@jest/globals';
import { answerOf, opensThought } from '../../activities/grading/answer-after.ts';
import { graderHash } from '../../activities/grading/graders.ts';
import { textGrader } from '../../activities/grading/text-graders.ts';
import { answers } from '../../activities/run/examiner.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { SPEC } from '../store/fixtures.ts';

const UNENDED = { answer: '', unended: true };

describe('an answer', () => {
  test.each([
    ['7', undefined, false, '7'],
    ['<think>\n3? No.\n</think>\n\n7', undefined, false, '\n\n7'],
    ['3? No.\n</think>7', undefined, true, '7'],
    ['a</think>b</think>c', undefined, false, 'c'],
    ['a</think>b', false as const, false, 'a</think>b'],
    ['thoughts [ANSWER] 7', '[ANSWER]', false, ' 7'],
    ['The mark </think> is told', '[ANSWER]', false, undefined],
    ['<think>\n3?', undefined, false, undefined],
    ['3?', undefined, true, undefined],
    ['3?', '</think>', false, undefined],
  ])('%j after %j (a thought was begun: %j) is %j', (output, mark, opened, answer) => {
    expect(answerOf(output, mark, opened)).toEqual(answer === undefined ? UNENDED : { answer, unended: false });
  });

  test('begins in a thought where the prompt ends in one', () => {
    expect(opensThought('<|im_start|>assistant\n<think>\n')).toBe(true);
    expect(opensThought('What does <think> mean?')).toBe(false);
  });
});

describe('whatever grades', () => {
  const drawn = { maxTokens: 8, temperature: 0 };
  const about = { id: 'one', signal: new AbortController().signal };
  const question = (prompt: string) => ({
    promptIndex: 0,
    prompt: { prompt, tokens: [1], reference: '7', tags: [], hash: 'h' },
  });
  const reply = (text: string) => ({ text, tokens: [1], logprobs: [], finishReason: 'stop' as const, latencyMs: 1 });

  test('sees what follows the thought, and is not asked about a thought alone', async () => {
    const examiner = answers(textGrader('exact_match'), { drawn, answerAfter: undefined });
    expect(await examiner.score(reply('<think>8</think>\n7'), question('?'), about)).toBe(1);
    expect(await examiner.score(reply('7'), question('?'), about)).toBe(1);
    expect(await examiner.score(reply('7'), question('? <think>\n'), about)).toBe(0);
    const marked = answers(textGrader('exact_match'), { drawn, answerAfter: '####' });
    expect(await marked.score(reply('3 + 4 #### 7'), question('?'), about)).toBe(1);
    expect(await marked.score(reply('7'), question('?'), about)).toBe(0);
  });
});

test('what is graded of an answer is part of how it is graded', () => {
  expect(graderHash('numeric', undefined, { answerAfter: '####' })).not.toBe(graderHash('numeric', undefined));
  expect(graderHash('numeric', undefined, { answerAfter: false })).not.toBe(graderHash('numeric', undefined));
  const spec = RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, answerAfter: '####' } });
  expect(spec.evaluate.answerAfter).toBe('####');
  expect(() => RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, answerAfter: true } })).toThrow('answerAfter');
});
