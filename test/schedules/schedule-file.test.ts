/** Schedule files: what is wrong is told with its place and the way out, before anything is asked of anybody. */
import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { packageRoot } from '../../client/local/paths.ts';
import { unfired } from '../../domain/decide/schedule/unfired.ts';
import { durationMs, filledIn, timeOf } from '../../domain/words/calendar.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { loadSchedule, readSubject, startingWith } from '../../files/schedule-file.ts';
import { writeExperiment } from '../e2e/experiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-schedule-file-'));
const EXPERIMENT = writeExperiment(folder);
const NOW = Date.parse('2026-11-28T10:00:00Z');

async function problems(changes: Record<string, unknown>): Promise<readonly string[]> {
  const file = join(folder, 'schedule.yaml');
  writeFileSync(file, stringify({ name: 'nightly', experiment: EXPERIMENT, cron: '0 3 * * *', ...changes }));
  try {
    await loadSchedule(file, NOW);
    return [];
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error;
    return error.problems.map((line) => line.replaceAll(`${folder}/`, ''));
  }
}

describe('a schedule file', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ cron: undefined }, 'schedule.yaml cron: is missing. Add "cron: …" at the top level'],
    [
      { timeZone: 'Europe/Atlantis' },
      'schedule.yaml:4:1 timeZone: the text "Europe/Atlantis" is not allowed here: no time zone',
    ],
    [
      { overlap: 'skipp' },
      'schedule.yaml:4:1 overlap: expected one of skip, wait, cancel-other, allow; got the text "skipp". Did you mean "skip"?',
    ],
    [{ experiment: join(folder, 'gone.yaml') }, 'gone.yaml: there is no such file. Check the path'],
    [{ catchup: '1h' }, 'schedule.yaml:4:1 catchup: unknown field. Did you mean "catchUp"?'],
    [
      { every: '1 week' },
      'schedule.yaml:4:1 every: the text "1 week" is not allowed here: write a number and s, m, h or d',
    ],
    [{ until: '2026-11-01' }, 'schedule.yaml:4:1 until: 2026-11-01 is over, so it would never fire.'],
    [{ from: '2027-02-01', until: '2027-01-01' }, 'schedule.yaml:5:1 until: '],
    [{ set: { 'train.steps': -1 } }, 'schedule.yaml:5:3 set.train.steps: '],
    [{ set: { 'data.train': 'logs/{day}.jsonl' } }, 'schedule.yaml:5:3 set.data.train: '],
    [{ set: { 'data.train': 'logs/none.jsonl' } }, 'schedule.yaml:5:3 set.data.train: '],
    [{ sweep: 'rates.yaml' }, 'schedule.yaml:4:1 sweep: '],
  ])('%j is refused where it stands', async (changes, expected) => {
    const [first, ...more] = await problems(changes);
    expect(first).toContain(expected);
    expect(more).toEqual([]);
  });

  test('what is called by a day need not be there yet, and is filled in by the day of the zone', async () => {
    expect(await problems({ set: { 'data.train': 'logs/{date}.jsonl' } })).toEqual([]);
    const at = { nominalMs: Date.parse('2026-12-31T23:30:00Z'), timeZone: 'Asia/Tokyo', name: 'n' };
    expect(filledIn({ a: ['{date}', '{yesterday} {time}'], b: '{month}-{name}', c: 1 }, at)).toEqual({
      a: ['2027-01-01', '2026-12-31 08-30'],
      b: '2027-01-n',
      c: 1,
    });
  });

  test('days begin by the clocks of the zone, on days of changes too', () => {
    expect(new Date(timeOf('2027-03-28', 'Europe/Berlin')).toISOString()).toBe('2027-03-27T23:00:00.000Z');
    expect(new Date(timeOf('2027-03-29', 'Europe/Berlin')).toISOString()).toBe('2027-03-28T22:00:00.000Z');
    expect(new Date(timeOf('2027-11-07', 'America/New_York')).toISOString()).toBe('2027-11-07T04:00:00.000Z');
    expect(new Date(timeOf('2027-01-01T06:00:00+02:00', 'Asia/Tokyo')).toISOString()).toBe('2027-01-01T04:00:00.000Z');
  });

  test('durations are whole', () => {
    expect(['90s', '1h30m', '1.5d', '30 m'].map(durationMs)).toEqual([90_000, 5_400_000, 129_600_000, 1_800_000]);
    expect(['', '5', 'h', '0s', '1h and 5m', '-1h'].map(durationMs)).toEqual(Array(6).fill(undefined));
  });

  test('a run begins with the checkpoint of the champion, an adapter with the model that was made of it', async () => {
    const champion = { model: 'accounts/acc/models/best', runId: 'reverse-1a2b3c4d', checkpoint: 'step-000030-g1' };
    const subject = await readSubject(parse(stringify({ experiment: EXPERIMENT, set: {}, timeZone: 'UTC' })) as never, {
      nominalMs: NOW,
    });
    const whole = startingWith(subject, champion);
    expect(whole).toMatchObject({ spec: { train: { startFrom: 'reverse-1a2b3c4d@step-000030-g1' } } });
    if (subject.kind !== 'run') throw new Error('no run');
    const lora = { rank: 8, alpha: 16, trainAttn: true, trainMlp: true, trainUnembed: true };
    const adapter = { kind: 'run' as const, spec: { ...subject.spec, model: { ...subject.spec.model, lora } } };
    expect(startingWith(adapter, champion)).toMatchObject({
      spec: { train: { startFrom: 'accounts/acc/models/best' } },
    });
  });

  test('that of docs/schedules.md is one', async () => {
    const text = readFileSync(join(packageRoot(), 'docs/schedules.md'), 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    expect(await problems({ ...(parse(yaml) as object), experiment: EXPERIMENT })).toEqual([]);
  });
});

describe('what did not fire', () => {
  const MINUTE = 60_000;
  const due = [1, 2, 3, 4, 5].map((minute) => minute * MINUTE);
  const settings = { jitterMs: 0, catchUp: '1h', overlap: 'skip' as const };

  test('was in the way of a run that went on then, or was missed', () => {
    const fired = [{ nominalMs: MINUTE, firedMs: MINUTE + 200, endedMs: 3.5 * MINUTE, subject: 'a-1' }];
    const told = unfired({ due, fired, ...settings });
    expect(told.map(({ atMs, state }) => [atMs / MINUTE, state])).toEqual([
      [2, 'skipped'],
      [3, 'skipped'],
      [4, 'missed'],
      [5, 'missed'],
    ]);
    expect(told[0]?.reason).toBe('a-1 (due 1970-01-01T00:01:00Z) still went on');
    expect(told[3]?.reason).toContain('later than catchUp (1h)');
    expect(unfired({ due, fired, ...settings, overlap: 'allow' }).map(({ state }) => state)).not.toContain('skipped');
  });

  test('is known by its time without the jitter', () => {
    const fired = due.map((at) => ({ nominalMs: at, firedMs: at + 9_000, endedMs: at + 9_500 }));
    const late = due.map((at) => at + 9_000);
    expect(unfired({ due: late, fired, ...settings, jitterMs: 10_000 })).toEqual([]);
    expect(unfired({ due: late, fired, ...settings, jitterMs: 5_000 })).toHaveLength(5);
  });
});
