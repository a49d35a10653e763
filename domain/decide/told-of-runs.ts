/** What people are told of a run, from the facts that it records. Pure: the same facts are the same events. */
import type { Announcement } from '../words/announcements.ts';
import type { EventKind } from '../words/event-kinds.ts';
import type { RunOutcome, RunRecord } from '../words/run.ts';

const ENDS: Partial<Record<RunOutcome, EventKind>> = {
  finished: 'run.finished',
  failed: 'run.failed',
  cancelled: 'run.cancelled',
  crashed: 'run.crashed',
};

/** Parts of a budget of which each is told once. */
const MARKS = [0.5, 0.8, 1] as const;

type Told = Omit<Announcement, 'subject'>;

export function toldOfRun(facts: RunRecord): Announcement[] {
  const subject = { kind: 'run', id: facts.runId } as const;
  const told = [...budgetMarks(facts), ...rewound(facts), ...resting(facts), ...diverged(facts), ...ended(facts)];
  return told.map((event) => ({ ...event, subject }));
}

/** A run has one end, whoever records it. */
function ended({ runId, outcome, reason = '', step, release }: RunRecord): Told[] {
  const kind = outcome && ENDS[outcome];
  if (kind === undefined) return [];
  const why = reason === '' || reason === outcome ? '' : `: ${reason}`;
  return [
    {
      kind,
      ordinal: 'end',
      title: `${runId} ${outcome}${why}`,
      data: {
        step,
        reason,
        ...(release !== undefined && { trainer: release.trainerState, deployment: release.deploymentState }),
      },
    },
  ];
}

function diverged({ runId, step, verdict, diverged: atItsEnd }: RunRecord): Told[] {
  if (verdict?.diverged !== true && atItsEnd !== true) return [];
  const where = verdict === undefined ? '' : ` at ${verdict.checkpoint}: ${verdict.reason}`;
  return [{ kind: 'run.diverged', ordinal: 1, title: `${runId} diverged${where}`, data: { step } }];
}

function rewound({ runId, rewind }: RunRecord): Told[] {
  if (rewind === undefined) return [];
  const { generation, cause, fromStep, toStep, seconds, cost } = rewind;
  const rewinds = generation - 1;
  return [
    {
      kind: 'run.rewound',
      ordinal: generation,
      title: `${runId} was rewound from step ${fromStep} to ${toStep} (rewind ${rewinds}): ${cause}`,
      data: { rewinds, fromStep, toStep, seconds, cost, cause },
    },
  ];
}

function resting({ runId, step, phase, rests }: RunRecord): Told[] {
  if (rests === undefined) return [];
  const why = rests.why === undefined ? '' : `: ${rests.why}`;
  const [kind, what] =
    phase === 'parked' ? (['run.parked', 'cannot go on'] as const) : (['run.paused', 'is paused'] as const);
  return [{ kind, ordinal: rests.sinceMs, title: `${runId} ${what} at step ${step}${why}`, data: { step } }];
}

function budgetMarks({ runId, step, spent = [] }: RunRecord): Told[] {
  return spent.flatMap(({ name, limit, share }) =>
    MARKS.filter((mark) => share >= mark).map((mark) => ({
      kind: 'budget.spent' as const,
      // A limit that was raised has its own.
      ordinal: `${name}-${limit}-${mark * 100}`,
      title: `${runId} has used ${mark * 100} % of budget.${name} (${limit})`,
      data: { limit, name, percent: mark * 100, step },
    })),
  );
}
