/** Schedules from outside: added, asked for things by way of a worker, and read from the store. */
import { randomUUID } from 'node:crypto';
import type { Overlap } from '../../domain/spec/schedule-spec.ts';
import { SCHEDULE_ORDER_WORKFLOW_TYPE } from '../../domain/words/schedule.ts';
import type {
  Firing,
  ScheduleAnswer,
  ScheduleEvent,
  ScheduleOrder,
  ScheduleSight,
} from '../../domain/words/schedule.ts';
import type { LoadedSchedule } from '../../files/schedule-file.ts';
import type { StoredSchedule } from '../../store/rows/schedule-records.ts';
import { UnreachableError, UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import { whoAsks } from '../who.ts';

export interface ScheduleSummary extends StoredSchedule {
  /** The newest that was due. */
  readonly last?: Firing;
  /** Absent: no worker could ask Temporal, or Temporal does not know it. */
  readonly sight?: ScheduleSight;
}

export interface ScheduleDetails extends ScheduleSummary {
  /** Newest first. */
  readonly firings: readonly Firing[];
  readonly events: readonly ScheduleEvent[];
}

const EVENTS = 20;

export class Schedules {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /** From here on it fires, whatever becomes of this process. What Temporal refuses is told with its place in the file. */
  async add({ schedule, errorOf }: LoadedSchedule, { replace = false } = {}): Promise<ScheduleSight | undefined> {
    const answer = await this.#order({ verb: 'put', schedule: { ...schedule, askedBy: whoAsks() }, replace });
    if (answer.refused !== undefined) {
      throw errorOf(answer.refused.map(({ path, message }) => ({ path, message: `${message}.` })));
    }
    return answer.sights?.[schedule.spec.name];
  }

  /** By name. Where no worker could ask Temporal: as far as it was recorded, and `stale` says why. */
  async list(): Promise<{ schedules: readonly ScheduleSummary[]; stale?: string }> {
    const { sights, stale } = await this.#look();
    const reader = await this.#store.reader();
    const schedules: ScheduleSummary[] = [];
    for (const stored of (await reader?.schedules()) ?? []) {
      const [last] = (await reader?.firings(stored.name, { limit: 1 })) ?? [];
      const sight = sights[stored.name];
      schedules.push({ ...stored, ...(last !== undefined && { last }), ...(sight !== undefined && { sight }) });
    }
    return { schedules, ...(stale !== undefined && { stale }) };
  }

  async show(name: string, { limit }: { limit: number }): Promise<{ schedule: ScheduleDetails; stale?: string }> {
    const { sights, stale } = await this.#look([name]);
    const reader = await this.#store.reader();
    const stored = await reader?.schedule(name);
    if (reader === undefined || stored === undefined) throw unknownSchedule(name);
    const [firings, events] = [
      await reader.firings(name, { limit }),
      await reader.scheduleEvents(name, { limit: EVENTS }),
    ];
    const sight = sights[name];
    const [last] = firings;
    const facts = { ...(last !== undefined && { last }), ...(sight !== undefined && { sight }) };
    return { schedule: { ...stored, ...facts, firings, events }, ...(stale !== undefined && { stale }) };
  }

  async pause(name: string, { note }: { note?: string | undefined } = {}): Promise<void> {
    await this.#order({ verb: 'pause', name, by: whoAsks(), ...(note !== undefined && { note }) });
  }

  async resume(name: string): Promise<ScheduleSight | undefined> {
    return (await this.#order({ verb: 'resume', name, by: whoAsks() })).sights?.[name];
  }

  /** What it started goes on. */
  async remove(name: string): Promise<void> {
    await this.#order({ verb: 'remove', name, by: whoAsks() });
  }

  /** Now, beside its calendar. */
  async fire(name: string, { overlap }: { overlap?: Overlap | undefined } = {}): Promise<void> {
    await this.#order({ verb: 'fire', name, by: whoAsks(), ...(overlap !== undefined && { overlap }) });
  }

  /** Every time that was due between two moments, as if it were due now; one that fired then is not run again. */
  async backfill(name: string, span: { from: string; until: string; overlap: Overlap }): Promise<readonly string[]> {
    return (await this.#order({ verb: 'backfill', name, by: whoAsks(), ...span })).times ?? [];
  }

  async #look(names?: readonly string[]): Promise<{ sights: Record<string, ScheduleSight>; stale?: string }> {
    try {
      const answer = await this.#order({ verb: 'look', ...(names !== undefined && { names }) });
      return { sights: { ...answer.sights } };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { sights: {}, stale: error.message };
    }
  }

  async #order(order: ScheduleOrder): Promise<ScheduleAnswer> {
    const queue = await this.#temporal.queue();
    if (!(await this.#temporal.hasWorker(queue))) {
      throw new UnreachableError(`No worker polls the task queue ${queue}.`, 'Start one with `pawl up`.');
    }
    try {
      const id = `pawl-schedules-${randomUUID()}`;
      return await this.#temporal.execute<ScheduleAnswer>(SCHEDULE_ORDER_WORKFLOW_TYPE, id, { input: order });
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      throw new UserError(failureMessage(error), '', { cause: error });
    }
  }
}

function unknownSchedule(name: string): UserError {
  return new UserError(`There is no schedule "${name}".`, '`pawl schedule list` shows them.');
}
