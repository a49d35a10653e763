/** Pins everything a run depends on, by hash, and prices it. Rents nothing. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { Activities } from '../../domain/words/run.ts';
import { startText } from '../../domain/words/start-from.ts';
import type { PinnedSuite, Plan } from '../../domain/words/plan.ts';
import type { NoticeLine } from '../data/notices.ts';
import type { GraderPorts } from '../grading/graders.ts';
import { rememberForRetry, signal } from '../guard.ts';
import { requireChannels, type Channels } from '../notify/channels.ts';
import { baseModelOf } from './base-model.ts';
import { pinObjective } from '../objectives/load-objective.ts';
import { chatOf, overlaps, pinData } from './pin-data.ts';
import { pinPreference } from '../preference/plan-preference.ts';
import type { SuiteNote } from './suite-notes.ts';
import { pinSuites } from './pin-suites.ts';
import { openOutputLog } from '../user-code/output-log.ts';
import { pinPython } from '../user-code/pin-python.ts';
import type { Backend } from '../ports.ts';
import { importValidation, pinValidation, validationOverlap } from '../validation/pin-validation.ts';
import { startsOf } from './start-from.ts';
import { progressOf } from './plan-progress.ts';
import { lengthsOf, longRowsNote, trainingSize } from './training-size.ts';
import type { RunEvent, Store } from '../../store/index.ts';

interface Ports extends GraderPorts {
  readonly backend: Backend;
  readonly channels: Pick<Channels, 'problemOf'>;
  readonly store: Store;
}

export function planning(ports: Ports): Pick<Activities, 'plan'> {
  const { backend, store, artifacts } = ports;

  const startOf = startsOf({ store, provisioner: backend.provisioner });

  async function warnOfOverlap(runId: string, dataset: string, suites: readonly PinnedSuite[]): Promise<void> {
    for await (const { suite, message } of overlaps(ports, { dataset, suites, signal: signal() })) {
      await tell(runId, { key: suite === MAIN_SUITE ? 'overlap' : `overlap/${suite}`, level: 'warn', message });
    }
  }

  async function tell(runId: string, event: Pick<RunEvent, 'key' | 'level' | 'message'>): Promise<void> {
    await store.addEvent(runId, { at: new Date().toISOString(), phase: 'plan', ...event });
  }

  async function tellNotices(runId: string, notices: readonly NoticeLine[]): Promise<void> {
    for (const { notice, level, message } of notices) {
      await tell(runId, { key: `data/${notice}`, level, message: `training data: ${message}` });
    }
  }

  async function tellIfAny(
    runId: string,
    message: string | undefined,
    as: Pick<RunEvent, 'key' | 'level'>,
  ): Promise<void> {
    if (message !== undefined) await tell(runId, { ...as, message });
  }

  async function tellStart(runId: string, { startFrom }: Pick<Plan, 'startFrom'>): Promise<void> {
    if (startFrom === undefined) return;
    await tell(runId, { key: 'start', level: 'info', message: `it begins with ${startText(startFrom)}` });
  }

  return {
    async plan({ runId, spec, parent }) {
      const createdAt = new Date().toISOString();
      await store.saveRun({ runId, name: spec.name, spec, createdAt, ...(parent !== undefined && { parent }) });
      requireChannels(ports.channels, spec.notify);
      const place = await backend.provisioner.place(signal());
      const shape = await backend.provisioner.resolveShape(spec.model.shape, signal());
      const baseModel = await baseModelOf(store, spec.model.base, shape.baseModel);
      if (spec.model.base !== undefined) {
        await tell(runId, { key: 'base', level: 'info', message: `it begins from ${baseModel}` });
      }
      const start = await startOf({ spec, parent }, { baseModel, signal: signal() });
      await tellStart(runId, parent === undefined ? start : {});
      const chat = chatOf(spec, createdAt.slice(0, 'YYYY-MM-DD'.length));
      const how = {
        chat,
        contextTokens: shape.maxContextTokens,
        signal: signal(),
        onUnpacked: (file: string, bytes: number) => rememberForRetry({ unpacked: { file, bytes } }),
      };
      const onProgress = progressOf((event) => tell(runId, event));
      const dataset = await pinData(ports, spec, { ...how, onProgress });
      await tellNotices(runId, dataset.notices);
      const heldOut = await importValidation(ports, spec, how);
      const { endToken } = spec.data;
      const python = await pinPython(ports, spec);
      const printed = openOutputLog(store, runId, { key: 'plan', phase: 'plan', of: 'the graders' });
      const model = {
        tokenizer: dataset.tokenizer,
        chat,
        endToken,
        contextTokens: shape.maxContextTokens,
        onNote: async (note: SuiteNote) => tell(runId, note),
        opening: { python, onOutput: printed.onOutput },
        signal: signal(),
      };
      const [main, ...suites] = await printed.during(() => pinSuites(ports, spec.evaluate, model));
      await warnOfOverlap(runId, dataset.hash, [main, ...suites]);
      const known = { trained: dataset.hash, imported: heldOut, signal: signal() };
      const repeated = await validationOverlap(ports, spec, known);
      await tellIfAny(runId, repeated, { key: 'overlap-of-validation', level: 'warn' });
      const output = openOutputLog(store, runId, { key: 'plan/objective', phase: 'plan', of: 'the objective' });
      const objective = await output.during(() =>
        pinObjective(ports, spec.train.objective, signal(), { python, onOutput: output.onOutput }),
      );
      const lengths = await lengthsOf(artifacts, spec, dataset);
      await tellIfAny(runId, longRowsNote(spec, lengths), { key: 'data/long', level: 'info' });
      const { rows, batches: _, ...size } = trainingSize(spec, dataset, { ...objective, lengths });
      const learned = await pinPreference(artifacts, spec, { ...place, dataset: dataset.hash, baseModel, ...start });
      return {
        ...place,
        shape,
        baseModel,
        dataset: dataset.hash,
        examples: rows,
        examplesDropped: dataset.dropped,
        ...size,
        promptSet: main.promptSet,
        prompts: main.prompts,
        ...(suites.length > 0 && { suites }),
        ...(objective.module !== undefined && { objectiveModule: objective.module }),
        ...(main.graderModule !== undefined && { graderModule: main.graderModule }),
        ...(main.references !== undefined && { references: main.references }),
        ...(python !== undefined && { python }),
        ...start,
        ...learned,
        ...(heldOut && {
          validation: await pinValidation(artifacts, spec, { ...place, baseModel, ...start, imported: heldOut }),
        }),
        costPerHour: spec.prices.trainerPerHour + spec.deployment.replicas * spec.prices.replicaPerHour,
        ...(endToken !== undefined && { stop: endToken }),
      };
    },
  };
}
