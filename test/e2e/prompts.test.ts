import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import type { RunDetails } from '../../client/runs/run-view.ts';
import type { AddedPrompts } from '../../domain/words/prompts.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();
const TOKENIZER = join(packageRoot(), 'sandbox/models/tokenizer.json');
/** Grades the first letter only. */
const GRADER = 'export const score = (output, reference) => (output.trim()[0] === reference[0] ? 1 : 0);';

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

async function add(file: string, ...options: string[]): Promise<AddedPrompts> {
  const command = ['prompts', 'add', file, '--tokenizer', TOKENIZER, '--output', 'json', ...options];
  const { stdout, stderr, code } = await pawl.run(command);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as AddedPrompts;
}

/** Every evaluation but the baseline is compared with it, on all prompts. */
function requireCompared({ checkpoints: [baseline, ...later] }: RunDetails, promptSet: string): void {
  expect(baseline?.overBaseline).toBeUndefined();
  const before = baseline?.evaluation?.score ?? Number.NaN;
  for (const { evaluation, overBaseline } of later) {
    expect(evaluation).toMatchObject({ metric: 'first', samples: 24, promptSet });
    expect(overBaseline?.pairs).toBe(24);
    expect(overBaseline?.mean).toBeCloseTo((evaluation?.score ?? Number.NaN) - before, 12);
  }
}

describe('prompt sets through the CLI', () => {
  let first: AddedPrompts;
  let second: AddedPrompts;
  const file = () => join(pawl.home, 'sets', 'heldout.jsonl');
  const smaller = () => join(pawl.home, 'sets', 'smaller.jsonl');

  test('are added once, however often', async () => {
    writeExperiment(join(pawl.home, 'sets'));
    first = await add(file(), '--alias', 'heldout');
    expect(first).toMatchObject({ prompts: 24, duplicates: 0, alias: { name: 'heldout' } });
    expect(await add(file())).toEqual({ hash: first.hash, prompts: 24, duplicates: 0 });

    const lines = readFileSync(file(), 'utf8').trim().split('\n');
    writeFileSync(smaller(), [...lines.slice(0, 8), lines[0]].join('\n'));
    second = await add(smaller());
    expect(second).toMatchObject({ prompts: 8, duplicates: 1 });
    const { stdout } = await pawl.run(['prompts', 'list']);
    expect(stdout).toMatch(
      new RegExp(`sha256:${second.hash.slice(0, 12)} .* 8 [^]*${first.hash.slice(0, 12)} .* 24 .* heldout`),
    );
  }, 300_000);

  test('may be conversations, which a template renders', async () => {
    const conversations = join(pawl.home, 'sets', 'chat.jsonl');
    const template = join(pawl.home, 'sets', 'chat.jinja');
    const messages = [{ role: 'user', content: 'a b =' }];
    writeFileSync(conversations, `${JSON.stringify({ messages, reference: 'b a' })}\n`);
    const refused = await pawl.run(['prompts', 'add', conversations, '--tokenizer', TOKENIZER]);
    expect(refused.stderr).toContain('name a Jinja file with --chat-template');
    writeFileSync(template, '{% for message in messages %}{{ message.content }}{% endfor %}');
    const rendered = await add(conversations, '--chat-template', template);
    const plain = join(pawl.home, 'sets', 'plain.jsonl');
    writeFileSync(plain, `${JSON.stringify({ prompt: 'a b =', reference: 'b a' })}\n`);
    // The same prompts; but a set of conversations remembers its template.
    const texts = await add(plain);
    expect(texts).toEqual({ ...rendered, hash: texts.hash });
    expect(texts.hash).not.toBe(rendered.hash);
  }, 300_000);

  test('are pinned by a run, which keeps its set when the alias moves; a module grades, trained prompts are told', async () => {
    const folder = join(pawl.home, 'pinned');
    const evaluate = { prompts: 'alias:heldout', grader: { module: 'first.mjs', binary: true }, maxTokens: 8 };
    const path = writeExperiment(folder, { evaluate });
    writeFileSync(join(folder, 'first.mjs'), GRADER);
    const [known = ''] = readFileSync(file(), 'utf8').split('\n');
    const { prompt, reference } = JSON.parse(known) as { prompt: string; reference: string };
    const row = JSON.stringify({ prompt, completion: reference });
    writeFileSync(join(folder, 'train.jsonl'), `${row}\n${readFileSync(join(folder, 'train.jsonl'), 'utf8')}`);

    const result = await pawl.finish(path);
    expect(result.outcome).toBe('finished');
    const moved = await pawl.run(['prompts', 'alias', 'heldout', `sha256:${second.hash.slice(0, 12)}`]);
    expect(moved.stdout).toContain(`before, it was sha256:${first.hash.slice(0, 12)}`);

    const run = await pawl.show(result.runId);
    expect(run.stored?.plan?.promptSet).toBe(first.hash);
    expect(run.stored?.plan?.graderModule).toMatch(/^[0-9a-f]{64}$/);
    expect(run.events.find(({ key }) => key === 'overlap')?.message).toBe(
      '1 of 24 prompts of the evaluation are in the training data too',
    );
    requireCompared(run, first.hash);
    const shown = await pawl.run(['prompts', 'show', 'heldout']);
    expect(shown.stdout).toContain(`sha256:${second.hash}\n8 prompts (1 identical rows`);
  }, 600_000);

  test('a grader that fails on answers ends the run with its own words, and nothing stays rented', async () => {
    const folder = join(pawl.home, 'failing');
    const evaluate = { prompts: 'heldout.jsonl', grader: { module: 'picky.mjs' }, maxTokens: 8 };
    const path = writeExperiment(folder, { evaluate });
    const source =
      'export const score = (output, reference) => { if (output === reference) return 1; throw new Error("never seen"); };';
    writeFileSync(join(folder, 'picky.mjs'), source);
    const result = await pawl.finish(path);
    expect(result.outcome).toBe('failed');
    expect(result.reason).toMatch(/\d+ of 24 samples could not be produced: .*picky\.mjs:1 failed: Error: never seen/);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 300_000);

  test.each([
    [['add', 'nowhere.jsonl', '--tokenizer', TOKENIZER], 1, /FILE: there is no file .*nowhere\.jsonl/],
    [['add', 'x', '--tokenizer', TOKENIZER, '--alias', 'Not Good'], 2, /Use lower-case letters/],
    [['alias', 'heldout', 'sha256:00000000'], 1, /There is no prompt set sha256:00000000/],
    [['show', 'nothing'], 1, /There is no prompt set sha256:nothing/],
  ])('%j is an error that says what to do', async (args, expected, message) => {
    const { code, stderr } = await pawl.run(['prompts', ...args]);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringMatching(message) });
    expect(stderr).not.toContain('    at ');
  });

  test('that are not there end a run before anything is rented', async () => {
    const path = writeExperiment(join(pawl.home, 'none'), { evaluate: { prompts: 'alias:none' } });
    const result = await pawl.finish(path);
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('no prompt set alias:none') });
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 300_000);
});
