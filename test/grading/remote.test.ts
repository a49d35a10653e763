import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Grader } from '../../activities/grading/grader.ts';
import { graderHash, openGrader, pinGrader } from '../../activities/grading/graders.ts';
import type { AnswerGrader } from '../../activities/grading/text-graders.ts';
import { rehearseGrader } from '../../activities/grading/rehearse.ts';
import { createUserCode, type UserCode } from '../../activities/user-code/user-code.ts';
import { isLikelihood, metricOf } from '../../domain/spec/grader-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { testPool } from '../compute/pool.ts';
import { SPEC } from '../store/fixtures.ts';

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

let folder: string;
let artifacts: Artifacts;
let userCode: UserCode;
let server: Server;
let base: string;
let received: Received[];
/** What the server answers, one after the other; the last one for ever. */
let answers: { status?: number; headers?: Record<string, string>; body: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-grading-'));
  artifacts = openArtifacts(join(folder, 'artifacts'));
  userCode = createUserCode({ artifacts, environments: join(folder, 'python') });
  received = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (data: Buffer) => (text += data.toString()));
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) as unknown });
      const { status = 200, headers = {}, body } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { body: '' };
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await userCode.close();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  rmSync(folder, { recursive: true, force: true });
});

const compute = testPool();
const secrets = new Map([['PAWL_GRADER_KEY', 'sk-secret-1']]);
const about = { prompt: 'Capital of France?', id: 'sample-1', signal: new AbortController().signal };

/** As an experiment would spell it. */
function graderOf(grader: object | string): AnswerGrader {
  const spec = RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, grader } }).evaluate.grader;
  if (isLikelihood(spec)) throw new Error('it looks at no answers');
  return spec;
}

async function open(grader: object): Promise<Grader> {
  const spec = graderOf(grader);
  return openGrader({ artifacts, secrets, userCode, compute }, spec, await pinGrader(artifacts, spec));
}

async function failure(work: Promise<unknown> | number): Promise<Error> {
  return Promise.resolve(work).then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('an HTTP endpoint', () => {
  const http = (options: object = {}) => open({ http: { url: `${base}/grade?a=1`, ...options } });

  test('is told prompt, output and reference, with the key of the worker, and says the score', async () => {
    answers = [{ body: '{"score": 0.25, "why": "close"}' }];
    const grader = await http({ keyVariable: 'PAWL_GRADER_KEY' });
    expect(await grader.score('Lyon', 'Paris', about)).toBe(0.25);
    expect(received).toEqual([
      {
        url: '/grade?a=1',
        headers: expect.objectContaining({ authorization: 'Bearer sk-secret-1', 'idempotency-key': 'sample-1' }),
        body: { id: 'sample-1', prompt: 'Capital of France?', output: 'Lyon', reference: 'Paris' },
      },
    ]);
  });

  test('that is busy is asked again, under the same id', async () => {
    answers = [{ status: 503, body: '' }, { status: 429, body: '' }, { body: '{"score": 1}' }];
    expect(await (await http()).score('a', 'b', about)).toBe(1);
    expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual(['sample-1', 'sample-1', 'sample-1']);
  });

  test.each([
    [{ status: 401, body: 'bad key sk-secret-1' }, 'Unauthorized', /grader http:\S+\/grade answered 401$/],
    [{ status: 404, body: '' }, 'InvalidRequest', /answered 404$/],
    [{ body: '{"score": 7}' }, 'InvalidRequest', /a number from 0 to 1/],
    [{ body: '<html>' }, 'InvalidRequest', /did not answer in JSON/],
  ])('that answers %j fails once and for all: %s', async (answer, type, message) => {
    answers = [answer];
    const grader = await http({ keyVariable: 'PAWL_GRADER_KEY' });
    const error = await failure(Promise.resolve(grader.score('a', 'b', about)));
    expect(error).toMatchObject({ type, message: expect.stringMatching(message) });
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('sk-secret');
    expect(received).toHaveLength(1);
  });

  test('that redirects is not followed, and is told: the key goes where the experiment says', async () => {
    answers = [{ status: 307, headers: { location: `${base}/other?token=sk-secret-2` }, body: '' }];
    const error = await failure((await http({ keyVariable: 'PAWL_GRADER_KEY' })).score('a', 'b', about));
    expect(error).toMatchObject({
      type: 'InvalidRequest',
      message: `grader ${base}/grade redirects to ${base}/other (307), which pawl does not follow with a key: give the address itself`,
    });
    expect(received.map(({ url }) => url)).toEqual(['/grade?a=1']);
  });

  test('needs its key on the worker, and may name no other variable', async () => {
    await expect(http({ keyVariable: 'PAWL_GRADER_NONE' })).rejects.toMatchObject({
      type: 'Unauthorized',
      message: 'The grader needs PAWL_GRADER_NONE in the environment of every worker: set it there.',
    });
    expect(() => graderOf({ http: { url: base, keyVariable: 'FIREWORKS_API_KEY' } })).toThrow('PAWL_GRADER_');
    expect(() => graderOf({ http: { url: 'http://me:secret@127.0.0.1/' } })).toThrow('keyVariable');
  });
});

describe('a judge', () => {
  const says = (content: string): { body: string } => ({
    body: JSON.stringify({ choices: [{ message: { content } }] }),
  });
  const judge = (options: object = {}) => open({ judge: { url: `${base}/v1/`, model: 'wise', ...options } });

  test('is asked through the chat completions of any OpenAI-compatible endpoint', async () => {
    answers = [says('A score of 5 would be too much.\n\n**Score: 4**')];
    const grader = await judge({ maxScore: 5, keyVariable: 'PAWL_GRADER_KEY', rubric: 'Be strict.' });
    expect(await grader.score('It is Paris.', 'Paris', about)).toBe(0.8);
    const [{ url, headers, body } = { url: '', headers: {}, body: {} }] = received;
    expect(url).toBe('/v1/chat/completions');
    expect(headers.authorization).toBe('Bearer sk-secret-1');
    expect(body).toEqual({
      model: 'wise',
      temperature: 0,
      messages: [
        { role: 'system', content: expect.stringMatching(/Be strict\.[^]*0 \(bad\) to 5\n\(perfect\)/) },
        { role: 'user', content: expect.any(String) },
      ],
    });
    const { messages } = body as { messages: { content: string }[] };
    expect(JSON.parse(messages[1]?.content ?? '')).toEqual({
      question: 'Capital of France?',
      reference: 'Paris',
      answer: 'It is Paris.',
    });
  });

  test('whose reply was cut has given no score', async () => {
    const choice = { message: { content: 'Score: 1' }, finish_reason: 'length' };
    answers = [{ body: JSON.stringify({ choices: [choice] }) }];
    await expect((await judge({ maxScore: 10 })).score('a', 'b', about)).rejects.toThrow('gave no score from 0 to 10');
  });

  test.each(['I cannot tell.', 'Score: 3', ''])('that says %j has given no score', async (content) => {
    answers = [says(content)];
    await expect((await judge()).score('a', 'b', about)).rejects.toThrow('judge wise gave no score from 0 to 1');
  });
});

describe('a module', () => {
  function written(source: string): { module: string; options: Record<string, number> } {
    const module = join(folder, 'first-letter.mjs');
    writeFileSync(module, source);
    return { module, options: { good: 0.75 } };
  }

  test('grades as it was when it was pinned', async () => {
    const choice = written(
      'export const score = async (output, reference, { prompt, options }) => (prompt && output[0] === reference[0] ? options.good : 0);',
    );
    const spec = graderOf(choice);
    const pinned = await pinGrader(artifacts, spec);
    writeFileSync(choice.module, 'throw new Error("changed")');
    const grader = await openGrader({ artifacts, secrets, userCode, compute }, spec, pinned);
    expect(await grader.score('Prague', 'Paris', about)).toBe(0.75);
    expect(await grader.score('Oslo', 'Paris', about)).toBe(0);
    expect(metricOf(spec)).toBe('first-letter');
  });

  test.each([
    ['export const other = 1;', 'export a function `score(output, reference, about)`'],
    ['export const score = () => 2;', 'must give a number from 0 to 1'],
    ['export const score = () => { throw new Error("boom"); };', 'boom'],
  ])('%s is refused before anything is rented', async (source, message) => {
    const prompts = [{ prompt: 'a', tokens: [1], reference: 'b', tags: [], hash: 'h' }];
    const rehearsed = open(written(source)).then((grader) => rehearseGrader(grader, prompts, about.signal));
    await expect(rehearsed).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringMatching(new RegExp(`evaluate\\.grader.*${message.replaceAll(/[()`]/g, '.')}`)),
    });
  });
});

describe('the hash of a grader', () => {
  const judge = { url: 'http://127.0.0.1/v1', model: 'wise' };

  test.each<[string | object, string | object]>([
    ['numeric', { name: 'numeric' }],
    ['perplexity', { name: 'perplexity' }],
    [{ judge }, { judge: { ...judge, timeoutSeconds: 5, keyVariable: 'PAWL_GRADER_KEY' } }],
  ])('of %j is that of %j', (one, other) => {
    expect(hashOf(one)).toBe(hashOf(other));
  });

  test.each<[string | object, string | object]>([
    ['numeric', { name: 'numeric', tolerance: 1 }],
    ['exact_match', 'numeric'],
    [{ judge }, { judge: { ...judge, rubric: 'Be strict.' } }],
  ])('of %j is not that of %j', (one, other) => {
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  test('of a module is of what it holds and is told, not of where it lies', () => {
    expect(hashOf({ module: 'a/grader.mjs' }, 'abc')).toBe(hashOf({ module: 'grader.mjs' }, 'abc'));
    expect(hashOf({ module: 'grader.mjs' }, 'abc')).not.toBe(hashOf({ module: 'grader.mjs' }, 'abd'));
    const strict = { module: 'grader.mjs', options: { strict: true } };
    expect(hashOf(strict, 'abc')).not.toBe(hashOf({ module: 'grader.mjs' }, 'abc'));
  });

  function hashOf(grader: object | string, pinned?: string): string {
    return graderHash(RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, grader } }).evaluate.grader, pinned);
  }
});

describe('a rehearsal', () => {
  test('names the prompt whose reference cannot be graded against', async () => {
    const prompts = ['7', 'seven'].map((reference) => ({ prompt: 'p', tokens: [1], reference, tags: [], hash: 'h' }));
    await expect(rehearseGrader(await open({ name: 'numeric' }), prompts, about.signal)).rejects.toThrow(
      'evaluate.grader: prompt 2 of the set: the reference holds no number.',
    );
  });
});

test('a grader of an older experiment means what it meant', () => {
  expect(SPEC.evaluate.grader).toBe('exact_match');
  expect(metricOf(graderOf('edit_similarity'))).toBe('edit_similarity');
  expect(metricOf(graderOf({ name: 'numeric' }))).toBe('numeric');
  expect(metricOf(graderOf({ judge: { url: 'http://127.0.0.1/v1', model: 'wise' } }))).toBe('judge wise');
});
