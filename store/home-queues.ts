/**
 * Which task queues the workers of a home polled, beside the store: whoever asks something of a run must be able to tell
 * that it is this home's, when the store is away, too. One file for each, so that no two workers ever write the same.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = 'queues';

export interface HomeQueue {
  readonly taskQueue: string;
  /** The name that people gave it. */
  readonly queueName: string;
}

export async function noteQueue(home: string, { taskQueue, queueName }: HomeQueue): Promise<void> {
  await mkdir(join(home, FOLDER), { recursive: true });
  await writeFile(join(home, FOLDER, encodeURIComponent(taskQueue)), queueName);
}

/** Empty where no worker was. */
export async function queuesOfHome(home: string): Promise<readonly HomeQueue[]> {
  const files = await readdir(join(home, FOLDER)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return Promise.all(
    files.map(async (file) => ({
      taskQueue: decodeURIComponent(file),
      queueName: await readFile(join(home, FOLDER, file), 'utf8'),
    })),
  );
}
