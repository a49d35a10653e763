/**
 * Every check, in the order in which a failure is cheapest; stops at the first. Further arguments choose tests for jest,
 * and leave out the conformance run.
 *
 *     npm test [-- test/recovery]
 */
import { ensureBuild, ensureDependencies, npm } from './ensure.mjs';

const chosen = process.argv.slice(2);
const steps = {
  dependencies: () => ensureDependencies(),
  types: () => run('typecheck'),
  lint: () => run('lint'),
  'dead code': () => run('deadcode'),
  build: () => ensureBuild(),
  tests: () => run('unit', chosen),
  ...(chosen.length === 0 && { conformance: () => run('conformance') }),
};

for (const [name, step] of Object.entries(steps)) {
  const since = performance.now();
  step();
  console.error(`pawl: ${name} ok, ${((performance.now() - since) / 1000).toFixed(1)} s`);
}

function run(script, args = []) {
  npm(['run', '--silent', script, '--', ...args], `npm run ${script} failed: see above.`);
}
