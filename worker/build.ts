/** `node lib/worker/build.js`: the second half of `npm run build`. */
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBundle } from './bundle.ts';

await writeBundle();
// The compiler leaves alone what is no TypeScript.
const programs = [
  'activities/user-code/child/runner.py',
  'activities/grading/provided/math_grader.py',
  'activities/grading/provided/code_grader.py',
];
for (const program of programs) {
  await mkdir(dirname(fileURLToPath(new URL(`../${program}`, import.meta.url))), { recursive: true });
  await copyFile(new URL(`../../${program}`, import.meta.url), new URL(`../${program}`, import.meta.url));
}
