import { describe, expect, test } from '@jest/globals';
import type { Recorded } from './recorder.ts';
import { difference, sequences, signature } from './wire.ts';

const step: Recorded = {
  method: 'POST',
  path: '/training/t1/api/v1/optim_step',
  query: {},
  body: { model_id: 'model-1', seq_id: 2, adam_params: { learning_rate: 0.1 } },
};

function save(model: string, seq: number, path: string): Recorded {
  return { method: 'POST', path: '/training/t1/api/v1/save', query: {}, body: { model_id: model, seq_id: seq, path } };
}

describe('signature', () => {
  test('names path, query and keys of the body in order, not values', () => {
    expect(
      signature({ method: 'POST', path: '/v1/x', query: { b: '1', a: '2' }, body: { d: [{ e: 1 }], c: [2] } }),
    ).toBe('POST /v1/x?a&b {c, d, d[].e}');
  });

  test('a snapshot is the same under either suffix', () => {
    expect(signature({ method: 'GET', path: '/c/sync-a-0123abcd:promote', query: {} })).toBe('GET /c/sync-a-#:promote');
  });
});

describe('sequences', () => {
  test('are ordered by number, per trainer and model, whatever the order of arrival', () => {
    const found = sequences([save('m', 2, 'b'), save('other', 1, 'x'), save('m', 1, 'a'), save('m', 2, 'b')]);
    expect([...found.keys()]).toEqual(['/training/t1/api/v1#0', '/training/t1/api/v1#1']);
    expect(found.get('/training/t1/api/v1#0')).toEqual([save('m', 1, 'a'), save('m', 2, 'b')]);
  });
});

describe('difference', () => {
  test('of the same request by another model is none', () => {
    const other = { ...step, body: { ...(step.body as object), model_id: 'model-2' } };
    expect(difference(step, other)).toBeUndefined();
  });

  test('names the first value or key that differs', () => {
    const faster = { ...step, body: { ...(step.body as object), adam_params: { learning_rate: 0.2 } } };
    expect(difference(step, faster)).toContain('.adam_params.learning_rate: 0.1 against 0.2');
    expect(difference(step, { ...step, body: { ...(step.body as object), type: 'x' } })).toContain('.type: undefined');
    expect(difference(step, undefined)).toContain('against nothing');
  });
});
