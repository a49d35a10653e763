/** `node lib/worker/build.js`: the second half of `npm run build`. */
import { copyFile } from 'node:fs/promises';
import { writeBundle } from './bundle.ts';

await writeBundle();
// The compiler leaves alone what is no TypeScript.
const runner = 'activities/user-code/child/runner.py';
await copyFile(new URL(`../../${runner}`, import.meta.url), new URL(`../${runner}`, import.meta.url));
