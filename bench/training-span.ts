/** What Temporal's history says of a finished run: how long it trained, and how much history that took. */
import { Client, Connection } from '@temporalio/client';
import type { DisturbedStack } from '../chaos/stack.ts';

export interface TrainingSpan {
  /** From the first window's scheduling to the last one's end: everything between them included. */
  readonly trainingMs: number;
  readonly windows: number;
  /** Of the whole run. */
  readonly events: number;
  readonly bytes: number;
  /** Of the windows alone. */
  readonly windowEvents: number;
}

/** Events that one activity leaves behind, with the workflow task that follows it. */
const EVENTS_PER_ACTIVITY = 6;

/** Fails where the run did not train. */
export async function trainingSpan(stack: DisturbedStack, runId: string): Promise<TrainingSpan> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const handle = new Client({ connection }).workflow.getHandle(runId);
    const { events } = await handle.fetchHistory();
    const { historyLength, historySize } = await handle.describe();
    const windows = new Set<string>();
    let firstMs: number | undefined;
    let lastMs: number | undefined;
    for (const event of events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled?.activityType?.name === 'trainWindow') {
        windows.add(String(event.eventId));
        firstMs ??= millis(event.eventTime);
      }
      const completed = event.activityTaskCompletedEventAttributes;
      if (completed && windows.has(String(completed.scheduledEventId))) lastMs = millis(event.eventTime);
    }
    if (firstMs === undefined || lastMs === undefined) throw new Error(`${runId} trained no window`);
    return {
      trainingMs: lastMs - firstMs,
      windows: windows.size,
      events: historyLength,
      bytes: historySize ?? 0,
      windowEvents: windows.size * EVENTS_PER_ACTIVITY,
    };
  } finally {
    await connection.close();
  }
}

function millis(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
