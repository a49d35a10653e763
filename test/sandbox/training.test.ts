import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, Sandbox, startTrainer, type Trainer } from './harness.ts';

describe('training', () => {
  let sandbox: Sandbox;
  let trainer: Trainer;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    trainer = await startTrainer(sandbox, 'job-a');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('loss falls', async () => {
    const model = await trainer.model();
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) losses.push(await model.step(DATA));
    expect(losses[19]).toBeLessThan((losses[0] ?? 0) / 3);
  });

  test('load_weights with optimizer restores weights and moments exactly', async () => {
    const model = await trainer.model();
    await model.step(DATA);
    await model.step(DATA);
    await model.save('state-a');
    const straight = [await model.step(DATA), await model.step(DATA)];
    await model.load('state-a');
    expect([await model.step(DATA), await model.step(DATA)]).toEqual(straight);
  });
});
