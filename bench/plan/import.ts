/** Plans a file of training data as a worker does, in a process of its own, and tells what it took: one line of JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledThread, openPool } from '../../activities/compute/pool.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';

const [folder = '.'] = process.argv.slice(2);
const compute = openPool({ thread: compiledThread() });
const sinceMs = performance.now();
const { rows, tokens } = await importDataset(
  { artifacts: openArtifacts(join(folder, 'artifacts')), compute },
  { train: join(folder, 'train.jsonl'), chat: { tokenizer: join(folder, 'tokenizer.json') }, maxTokens: 4_096 },
);
const seconds = (performance.now() - sinceMs) / 1000;
const { userCPUTime, systemCPUTime } = process.resourceUsage();
// The most that it ever had, threads included.
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
process.stdout.write(
  `${JSON.stringify({ rows, tokens, seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: peak })}\n`,
);
await compute.close();
