/**
 * A program: has the Temporal SDK download its own development server into a folder, the way the vendor does it, and
 * prints where it is. The SDK only downloads what it then starts, so the server runs for a moment, and stops.
 *
 *     node sdk-download.js FOLDER
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

async function download(folder: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: folder } },
  });
  await environment.teardown();
  const names = await readdir(folder);
  const binary = names.find((name) => name.startsWith('temporal-cli'));
  if (binary === undefined) throw new Error(`the SDK left ${names.join(', ') || 'nothing'}, no temporal-cli`);
  return join(folder, binary);
}

try {
  process.stdout.write(await download(process.argv[2] ?? ''));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message.split('\n')[0]}\n`);
  process.exitCode = 1;
}
