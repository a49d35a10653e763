/**
 * Scores a dataset with the frozen base model, part by part, each kept as it is done: an attempt that follows a dead
 * worker's goes on behind the last part, with the same model and numbers, so that what was asked for is not computed
 * again; another run of the same data and model finds all of it, or waits while it is being made.
 */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Activities } from '../../domain/words/run.ts';
import type { ReferenceInput } from '../../domain/words/training.ts';
import { startText } from '../../domain/words/start-from.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Store } from '../../store/index.ts';
import { z } from 'zod';
import { openDataset, type Dataset } from '../data/dataset.ts';
import { signal } from '../guard.ts';
import type { Backend, Trainer } from '../ports.ts';
import { examplesPerPass, forwardPass } from '../run/forward-pass.ts';
import { submitStart } from '../run/start-from.ts';
import { connected, inSession } from '../run/session.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { scoreOf } from './pair-batches.ts';
import { encodeScores, referenceKey, referenceNote, type ReferenceNote } from './reference.ts';

/** Scored and kept together: little enough to be lost. */
const PART_REQUESTS = 8;

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly artifacts: Artifacts;
}

/** Where an attempt asks: what the next one goes on with. `from`: the example that the model was asked about first. */
const Asking = z.object({ sessionId: z.string(), modelId: z.string(), from: z.number().int() });
type Asking = z.output<typeof Asking>;

interface Scoring {
  readonly input: ReferenceInput;
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly key: string;
  readonly perRequest: number;
}

export function scoring(ports: Ports): Pick<Activities, 'scoreReference'> {
  const { backend, artifacts, store } = ports;
  return {
    async scoreReference(input) {
      const { runId, plan, trainerId, connection } = input;
      const key = referenceKey(plan);
      const known = async (): Promise<string | undefined> => (await referenceNote(artifacts, key)).done;
      const before = await known();
      if (before !== undefined) return before;
      const dataset = await openDataset(artifacts, plan.dataset);
      const perRequest = examplesPerPass(dataset.manifest.maxExampleTokens);
      const asked = { input, trainer: backend.trainer(trainerId), dataset, key, perRequest };
      const once = {
        there: known,
        work: async (): Promise<string> => score(ports, asked, await referenceNote(artifacts, key)),
        signal: signal(),
      };
      // Who waits for another run's scores keeps its own session alive.
      const { value: done, mine } = await connected(backend, connection, () =>
        oneAtATime(store, { key: `reference/${key}`, holder: runId }, once),
      );
      const weights = plan.startFrom === undefined ? plan.baseModel : startText(plan.startFrom);
      const by = mine ? `by ${weights}` : `by ${weights}, for another run`;
      await store.addEvent(runId, {
        key: `reference/${key.slice(0, 8)}`,
        at: new Date().toISOString(),
        phase: 'connect',
        level: 'info',
        message: `the reference is scored: ${dataset.examples} examples ${by}`,
      });
      return done;
    },
  };
}

async function score({ artifacts }: Ports, work: Scoring, known: ReferenceNote): Promise<string> {
  const { trainer, dataset, key, perRequest } = work;
  const asking = await askedBefore(artifacts, work, known);
  const perPart = PART_REQUESTS * perRequest;
  let note = known;
  try {
    await inSession(trainer, asking.sessionId, async () => {
      const requests = requestsFrom(work, { asking, first: note.examples });
      let scores: number[] = [];
      for await (const answered of requests) {
        scores.push(...answered);
        const examples = note.examples + scores.length;
        if (scores.length < perPart && examples < dataset.examples) continue;
        note = {
          parts: [...note.parts, await artifacts.put(encodeScores(scores))],
          examples,
          by: asking.modelId,
        };
        scores = [];
        await artifacts.keepNote(key, note);
      }
    });
  } catch (error) {
    // What the trainer lost is not gone on with.
    if (error instanceof PawlError && error.type !== 'Unavailable') await artifacts.keepNote(askingKey(work), {});
    throw error;
  }
  const parts = await Promise.all(note.parts.map((hash) => artifacts.get(hash)));
  const done = await artifacts.put(Buffer.concat(parts));
  await artifacts.keepNote(key, { ...note, done });
  return done;
}

/** Of the run and its trainer: what was asked of another one does not count. */
function askingKey({ input, key }: Scoring): string {
  return sha256(JSON.stringify(['asking', key, input.runId, input.trainerId]));
}

/**
 * The lost attempt's session and model, where they can be gone on with: else new ones, which count from one. They are
 * kept in a note, which a heartbeat that a dying worker never sent would not be.
 */
async function askedBefore(artifacts: Artifacts, work: Scoring, { examples, by }: ReferenceNote): Promise<Asking> {
  const { input, trainer } = work;
  const before = Asking.safeParse(await artifacts.note(askingKey(work)));
  // Requests count on without a gap: nobody else may have scored what lies between.
  if (before.success && (before.data.from === examples || before.data.modelId === by)) return before.data;
  const { runId, plan } = input;
  const sessionId = await trainer.createSession([`pawl:${runId}`, 'reference'], signal());
  const modelId = await inSession(trainer, sessionId, async () => {
    const model = { sessionId, modelSeq: 0, baseModel: plan.baseModel, ...kindOf(input) };
    const created = await (await trainer.createModel(model, signal())).result(signal());
    const begun = { start: plan.startFrom, trainerId: input.trainerId, modelId: created.modelId, seq: 1 };
    if (begun.start !== undefined)
      await (await submitStart(trainer, { ...begun, start: begun.start }, signal())).result(signal());
    return created.modelId;
  });
  const asking = { sessionId, modelId, from: examples };
  await artifacts.keepNote(askingKey(work), asking);
  return asking;
}

/**
 * Beside an adapter it is the base without one, or another that training begins with too and nothing is trained in; a
 * trainer of its own is frozen as a whole.
 */
function kindOf({
  plan,
  connection,
  lora,
}: ReferenceInput): Pick<Parameters<Trainer['createModel']>[0], 'baseOnly' | 'lora'> {
  if (connection === undefined) return {};
  return plan.startFrom === undefined || lora === undefined ? { baseOnly: true } : { lora };
}

/** The scores of one request after the other. A request's number follows from its place, so that a repetition is one. */
async function* requestsFrom(
  { input, trainer, dataset, perRequest }: Scoring,
  { asking, first }: { asking: Asking; first: number },
): AsyncGenerator<number[]> {
  const { modelId, from } = asking;
  const before = input.plan.startFrom === undefined ? 0 : 1;
  const firstSeq = before + (first - from) / perRequest + 1;
  for await (const scored of forwardPass(trainer, { modelId, dataset, firstSeq, first, perRequest }, signal())) {
    yield scored.map(({ datum, logprobs }) => known(scoreOf(datum, logprobs)));
  }
}

/** What is kept for ever must be a number. */
function known(score: number): number {
  if (Number.isFinite(score)) return score;
  throw new PawlError(
    'InvalidRequest',
    'the reference gave an answer no finite log-probability: a model that cannot score the data is no reference',
  );
}
