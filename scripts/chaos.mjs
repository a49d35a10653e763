/**
 * Proof that a disturbed run ends as an undisturbed one does; builds what is stale first, and makes the example's data.
 *
 *     npm run chaos -- --seed 1 --kills 20
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
// Imported only now: on a fresh clone its dependencies have just been installed.
const { prepare } = await import('../examples/pronounce/prepare.mjs');
prepare();
(await import('../examples/prefer/prepare.mjs')).prepare();
await import(pathToFileURL(join(root, 'lib', 'chaos', 'main.js')).href);
