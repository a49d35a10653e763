/** Keeps a trainer's session alive for as long as an activity works with it. */
import type { Connection } from '../../domain/words/checkpoint.ts';
import { signal } from '../guard.ts';
import type { Backend, Trainer } from '../ports.ts';

/** The protocol's own interval; a trainer forgets a session only after minutes of silence. */
const HEARTBEAT_MS = 10_000;

/** Runs `work` with a beating session. A missed beat is not an error: the next request tells whether the session lives. */
export async function inSession<T>(trainer: Trainer, sessionId: string, work: () => Promise<T>): Promise<T> {
  const beat = (): void => {
    trainer.heartbeat(sessionId, signal()).catch(() => undefined);
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** The same for a connection; without one (a deployment beside no run) there is no session to keep. */
export async function connected<T>(
  backend: Pick<Backend, 'trainer'>,
  connection: Connection | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (connection === undefined) return work();
  return inSession(backend.trainer(connection.trainerId), connection.sessionId, work);
}
