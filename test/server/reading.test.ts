/** Reading over HTTP: what the store has, page by page, in the words of the document; and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { request } from 'node:http';
import { openStore, type Store } from '../../store/index.ts';
import { temporaryFolder } from '../local/support.ts';
import { checkpoint, metrics, newRun, PLAN, produced, scored } from '../store/fixtures.ts';
import { openApi, type Api } from './api.ts';

const home = temporaryFolder();
const RUN = 'speller-00000001';
const STEPS = 5_000;

let store: Store;
let api: Api;

beforeAll(async () => {
  store = await openStore({ path: join(home, 'pawl.db') });
  for (let index = 0; index < 25; index++) {
    const id = `speller-${String(index + 1).padStart(8, '0')}`;
    // Some were submitted in one moment.
    const createdAt = `2026-01-02T03:04:${String(Math.floor(index / 2)).padStart(2, '0')}.000Z`;
    await store.saveRun(newRun(id, createdAt, index % 2 === 0 ? 'speller' : 'other'));
    const ended = { outcome: index % 3 === 0 ? 'failed' : 'finished', reason: 'over' } as const;
    await store.updateRun(id, { phase: 'done', step: index, generation: 1, ...ended });
  }
  await store.updateRun(RUN, { phase: 'done', step: STEPS, generation: 1, outcome: 'finished', plan: PLAN });
  const steps = Array.from({ length: STEPS }, (_, at) => metrics(at + 1, { metrics: { grad_norm: at % 7 } }));
  steps[41] = metrics(42, { lossMean: Number.NaN });
  await store.recordSteps(RUN, steps);
  for (let at = 0; at < 12; at++) {
    const saved = checkpoint(at * 10);
    await store.saveCheckpoint(RUN, saved);
    await store.saveSync(RUN, { identity: saved.identity, replicas: 1, seconds: 2 });
    const id = `${RUN}/${saved.name}/a1`;
    for (let prompt = 0; prompt < 5; prompt++) {
      const score = (prompt + at) % 2;
      const promptHash = String(prompt).repeat(64);
      await store.saveSample(id, produced(prompt, { score, promptHash, text: `answer (${prompt})` }));
    }
    const scores = Array.from({ length: 5 }, (_, n) => ({ promptHash: String(n).repeat(64), score: (n + at) % 2 }));
    await store.saveEvaluation(RUN, scored(at * 10, 1, { id, score: at / 20, low: 0, high: 1 }), { scores });
    await store.saveVerdict(RUN, { checkpoint: saved.name, kind: 'continue', reason: `of ${at}` });
    await store.addEvent(RUN, {
      key: `e${at}`,
      at: '2026-01-02T03:04:05.000Z',
      phase: 'train',
      level: 'info',
      message: `event ${at}`,
    });
  }
  await store.saveRewind(RUN, { generation: 2, cause: 'lost', fromStep: 20, toStep: 10, seconds: 3, cost: 0 });
  await store.planLease(RUN, { kind: 'deployment', id: `${RUN}-deploy` });
  await store.planLease(RUN, { kind: 'trainer', id: `${RUN}-trainer` });
  await store.endLease({ kind: 'trainer', id: `${RUN}-trainer` }, 'DELETED');
  await store.savePromptSet({ hash: 'e'.repeat(64), prompts: 5, duplicates: 0, tokenizer: 'f'.repeat(64) });
  await store.movePromptAlias('held-out', 'e'.repeat(64));
  await store.savePromotion({
    kind: 'promote',
    id: 'prod-0000000a',
    gate: { alias: 'prod', margin: 0, approval: false, expiresHours: 24 },
    subject: { runId: RUN, checkpoint: 'step-110' },
    askedBy: 'ada',
    askedAt: '2026-01-02T03:04:05.000Z',
  });
  await store.movePromotion('prod-0000000a', 'evaluating', {});
  await store.movePromotion('prod-0000000a', 'promoting', {});
  await store.movePromotion('prod-0000000a', 'promoted', { identity: 'snapshot-110', step: 110 });
  await store.saveRun({
    ...newRun('branch-00000001', '2026-01-03T03:04:05.000Z', 'branch'),
    parent: { runId: RUN, checkpoint: 'step-50', step: 50, changes: [{ path: 'train.steps', before: 40, after: 80 }] },
  });
  await store.updateRun('branch-00000001', { phase: 'done', step: 9, generation: 1, outcome: 'finished', reason: '' });
  api = await openApi(home);
}, 120_000);

afterAll(async () => {
  await api?.close();
  await store?.close();
});

interface List {
  readonly runs: readonly { runId: string; outcome: string; step: number }[];
  readonly cursor?: string;
  readonly stale?: string;
}

async function everyPage(query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const page = await api.get<List>(`/v1/runs?limit=4${query}${cursor}`);
    expect(page.runs.length).toBeLessThanOrEqual(4);
    ids.push(...page.runs.map(({ runId }) => runId));
    if (page.cursor === undefined) return ids;
    cursor = `&cursor=${page.cursor}`;
  }
}

describe('the list of runs', () => {
  test('comes in pages, newest first, each run once, and says that Temporal was not asked', async () => {
    const all = (await api.get<List>('/v1/runs?limit=500')).runs.map(({ runId }) => runId);
    expect(all).toHaveLength(26);
    expect(await everyPage('')).toEqual(all);
    expect((await api.get<List>('/v1/runs?limit=1')).stale).toContain('pawl up');
  });

  test('is filtered and sorted, in pages too', async () => {
    const { runs } = await api.get<List>('/v1/runs?where=outcome%3Dfailed&where=step%3E3&sort=-step&limit=100');
    expect(runs.map(({ step }) => step)).toEqual([24, 21, 18, 15, 12, 9, 6]);
    expect(runs.every(({ outcome }) => outcome === 'failed')).toBe(true);
    const ids = runs.map(({ runId }) => runId);
    expect(await everyPage('&where=outcome%3Dfailed&where=step%3E3&sort=-step')).toEqual(ids);
  });

  test.each([
    ['/v1/runs?limit=0', 'limit'],
    ['/v1/runs?limit=many', 'limit'],
    ['/v1/runs?limit=1&limit=2', 'limit'],
    ['/v1/runs?colour=red', 'colour'],
    ['/v1/runs?cursor=nowhere', 'cursor'],
    ['/v1/runs?where=name~%28a%2B%29%2B%24', 'where'],
    ['/v1/runs/speller-00000001/samples?worse=true', 'worse'],
    ['/v1/runs/speller-00000001/curve?metrics=maybe', 'metrics'],
  ])('%s is refused by the name of the parameter', async (path, parameter) => {
    const { status, body } = await api.call('GET', path);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { type: '/docs/problems#invalid-request', errors: [{ parameter }] },
    });
  });

  test('a condition or an order that cannot be is the fault of the request', async () => {
    for (const query of ['where=score', 'sort=nothing']) {
      expect((await api.call('GET', `/v1/runs?${query}`)).status).toBe(400);
    }
  });
});

describe('a run', () => {
  test('is shown with its experiment and plan, by a beginning of its id as well', async () => {
    const run = await api.get(`/v1/runs/${RUN}`);
    expect(run).toMatchObject({
      runId: RUN,
      outcome: 'finished',
      phase: 'done',
      step: STEPS,
      checkpoints: 12,
      experiment: { name: 'speller' },
      plan: { dataset: 'd'.repeat(64) },
    });
    expect(await api.get('/v1/runs/branch-0')).toMatchObject({
      runId: 'branch-00000001',
      parent: { checkpoint: 'step-50', changes: [{ path: 'train.steps', before: 40, after: 80 }] },
    });
  });

  test('its steps come in pages, and put together in spans by the store', async () => {
    interface Steps {
      readonly steps: readonly { step: number; lossMean: number | null }[];
      readonly next?: number;
    }
    const seen: number[] = [];
    for (let after = 0; ;) {
      const page = await api.get<Steps>(`/v1/runs/${RUN}/steps?limit=1500&after=${after}`);
      seen.push(...page.steps.map(({ step }) => step));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(seen).toEqual(Array.from({ length: STEPS }, (_, at) => at + 1));
    const bad = await api.get<Steps>(`/v1/runs/${RUN}/steps?after=41&limit=1`);
    expect(bad.steps).toEqual([expect.objectContaining({ step: 42, lossMean: null })]);

    interface Curve {
      readonly spans: readonly { steps: number; notFinite: number; lossMean: { min: number; max: number } }[];
    }
    const { spans } = await api.get<Curve>(`/v1/runs/${RUN}/curve?spans=40&metrics=true`);
    expect(spans.length).toBeLessThanOrEqual(40);
    expect(spans.reduce((sum, { steps }) => sum + steps, 0)).toBe(STEPS);
    expect(spans.reduce((sum, { notFinite }) => sum + notFinite, 0)).toBe(1);
    expect(Math.max(...spans.map(({ lossMean }) => lossMean.max))).toBe(2);
    expect(Math.min(...spans.map(({ lossMean }) => lossMean.min))).toBe(2 / STEPS);
    const { spans: part } = await api.get<Curve>(`/v1/runs/${RUN}/curve?from=11&to=20&spans=5`);
    expect(part.reduce((sum, { steps }) => sum + steps, 0)).toBe(10);
  });

  test('its checkpoints, verdicts and events come in pages, none twice, none left out', async () => {
    const names: string[] = [];
    for (let before = ''; ;) {
      const page = await api.get<{ checkpoints: { checkpoint: { name: string } }[]; before?: string }>(
        `/v1/runs/${RUN}/checkpoints?limit=5${before}`,
      );
      names.unshift(...page.checkpoints.map((row) => row.checkpoint.name));
      if (page.before === undefined) break;
      before = `&before=${page.before}`;
    }
    expect(names).toEqual(Array.from({ length: 12 }, (_, at) => `step-${at * 10}`));
    const told: string[] = [];
    for (const [what, field] of [
      ['verdicts', 'reason'],
      ['events', 'message'],
    ] as const) {
      for (let after: number | undefined = 0; after !== undefined;) {
        const page: Record<string, unknown> = await api.get(`/v1/runs/${RUN}/${what}?limit=5&after=${after}`);
        told.push(...(page[what] as Record<string, string>[]).map((row) => row[field] ?? ''));
        after = page['next'] as number | undefined;
      }
    }
    const each = Array.from({ length: 12 }, (_, at) => at);
    expect(told).toEqual([...each.map((at) => `of ${at}`), ...each.map((at) => `event ${at}`)]);
  });

  test('its answers are read beside those of another checkpoint, and only what got worse', async () => {
    interface Samples {
      readonly prompts: { number: number; answers: { score: number }[]; beside?: { score: number }[] }[];
      readonly next?: number;
    }
    const all = await api.get<Samples>(`/v1/runs/${RUN}/samples?checkpoint=100&beside=110&limit=3`);
    expect(all.prompts.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(all.prompts.map(({ answers, beside }) => [answers[0]?.score, beside?.[0]?.score])).toEqual([
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    const rest = await api.get<Samples>(`/v1/runs/${RUN}/samples?checkpoint=100&limit=3&after=${all.next}`);
    expect(rest.prompts.map(({ number }) => number)).toEqual([4, 5]);
    const worse = await api.get<Samples>(`/v1/runs/${RUN}/samples?checkpoint=100&beside=110&worse=true`);
    expect(worse.prompts.map(({ number }) => number)).toEqual([1, 3, 5]);
    // A text is looked for as it is written, whatever it would be as a pattern.
    const some = await api.get<Samples>(`/v1/runs/${RUN}/samples?checkpoint=100&text=${encodeURIComponent('(2)')}`);
    expect(some.prompts.map(({ number }) => number)).toEqual([3]);
  });

  test('its evaluations, rewinds, costs and family are there', async () => {
    expect(await api.get<{ evaluations: unknown[] }>(`/v1/runs/${RUN}/evaluations`)).toMatchObject({
      evaluations: { length: 12 },
    });
    expect(await api.get(`/v1/runs/${RUN}/rewinds`)).toMatchObject({ rewinds: [{ fromStep: 20, toStep: 10 }] });
    expect(await api.get(`/v1/runs/${RUN}/costs`)).toMatchObject({ currency: 'USD', machines: { length: 2 } });
    const { runs } = await api.get<{ runs: { runId: string; parent?: unknown }[] }>(`/v1/runs/${RUN}/lineage`);
    expect(runs.map(({ runId }) => runId)).toEqual(['branch-00000001', RUN]);
    expect((await api.get<{ runs: unknown[] }>('/v1/lineage?limit=3')).runs).toHaveLength(3);
  });

  test.each([
    `/v1/runs/nobody-00000009`,
    `/v1/runs/speller-`,
    '/v1/runs/%2e%2e',
    `/v1/runs/${RUN}/checkpoints?before=step-77`,
    `/v1/runs/${RUN}/samples?checkpoint=77`,
    '/v1/prompt-sets/nothing',
    '/v1/promotions/nothing',
    '/v1/sweeps/nothing',
    '/v1/nothing',
  ])('%s is not found, or not to be told while Temporal is away', async (path) => {
    const { status, body } = await api.call('GET', path);
    // A run or a sweep that was submitted just now is known to Temporal alone.
    expect([404, 503]).toContain(status);
    expect(JSON.stringify(body)).not.toMatch(/\bat .*\.ts:\d|node_modules/);
  });
});

test('machines, deployments with what they serve, prompt sets and promotions are told', async () => {
  expect(await api.get('/v1/machines')).toMatchObject({
    machines: [{ id: `${RUN}-deploy` }],
    stale: expect.anything(),
  });
  expect(await api.get('/v1/deployments')).toMatchObject({
    deployments: [{ deploymentId: `${RUN}-deploy`, serves: { identity: expect.stringMatching(/^snapshot-/) } }],
  });
  expect(await api.get('/v1/prompt-sets')).toMatchObject({ promptSets: [{ aliases: ['held-out'] }] });
  expect(await api.get('/v1/prompt-sets/held-out')).toMatchObject({ hash: 'e'.repeat(64) });
  expect(await api.get('/v1/aliases')).toMatchObject({ aliases: [{ alias: 'prod', champion: { state: 'promoted' } }] });
  expect(await api.get('/v1/promotions/prod-0000000a')).toMatchObject({ isChampion: true });
  expect(await api.get('/v1/sweeps')).toEqual({ sweeps: [] });
});

test('what is known already is not sent again, until it changes', async () => {
  const first = await api.call('GET', `/v1/runs/${RUN}/rewinds`);
  const etag = first.headers.get('etag') ?? '';
  const headers = { 'if-none-match': `"other", W/${etag}` };
  expect(await api.call('GET', `/v1/runs/${RUN}/rewinds`, { headers })).toMatchObject({ status: 304, body: '' });
  await store.saveRewind(RUN, { generation: 3, cause: 'again', fromStep: 30, toStep: 20, seconds: 3, cost: 0 });
  expect((await api.call('GET', `/v1/runs/${RUN}/rewinds`, { headers })).status).toBe(200);
});

describe('whoever asks', () => {
  /** fetch sets these itself. */
  function raw(headers: Record<string, string>, method = 'GET', path = '/v1/runs?limit=1'): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(`${api.url}${path}`, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.once('error', reject).end();
    });
  }

  test.each([
    [{ host: 'evil.example:7480' }, 421],
    [{ host: '127.0.0.1.evil.example' }, 421],
    [{ host: 'LOCALHOST:9' }, 200],
    [{ host: '[::1]:7480' }, 200],
    [{ host: '127.0.0.1:7480', origin: 'http://127.0.0.1:7480' }, 200],
    [{ host: '127.0.0.1:7480', origin: 'http://127.0.0.1:7481' }, 403],
    [{ host: '127.0.0.1:7480', origin: 'https://evil.example' }, 403],
    [{ host: '127.0.0.1:7480', origin: 'null' }, 403],
  ])('with %j is answered %d', async (headers, status) => {
    expect(await raw(headers)).toBe(status);
  });

  test('gets security headers, no page of another origin, and a 405 that names what there is', async () => {
    const docs = await api.call('GET', '/docs').catch(() => undefined);
    expect(docs).toBeUndefined(); // No JSON, and so nothing of the document.
    const page = await fetch(`${api.url}/docs`);
    const text = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).toContain('/v1/runs/{run}/curve');
    expect([...text.matchAll(/(?:src|href)="([^"]*)"/g)].filter(([, link = '']) => !/^[/#]/.test(link))).toEqual([]);
    expect((await fetch(`${api.url}/docs/problems`)).status).toBe(200);
    const { status, headers } = await api.call('PATCH', '/v1/runs');
    expect([status, headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  test('finds every address of the document in order', async () => {
    const operations = Object.values(api.document.paths).flatMap((path) => Object.values(path));
    const ids = operations.map((operation) => operation['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(JSON.stringify(api.document)).not.toContain('"$id"');
  });
});
