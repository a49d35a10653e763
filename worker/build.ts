/** `node lib/worker/build.js`: the second half of `npm run build`. */
import { writeBundle } from './bundle.ts';

await writeBundle();
