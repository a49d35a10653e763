/** The two drives side by side: the same checks, the same numbers, the same requests. */
import { ALLOWED, type Allowance, type Sdk } from './allowed.ts';
import { apart, TOLERANCE, type Check } from './check.ts';
import type { Recorded } from './recorder.ts';
import { difference, sequences, signature } from './wire.ts';

/** Chapters of the SDK that have no counterpart, by the name of their checks. */
const SDK_ONLY = /^managed: /;

/** For every check of one client, the other has made it too and come to the same numbers. */
export function compareNumbers(sdk: readonly Check[], pawl: readonly Check[]): Check {
  const ours = new Map(pawl.map((check) => [check.name, check]));
  const shared = sdk.filter(({ name }) => !SDK_ONLY.test(name));
  const off = shared.map(({ name, numbers }) => ({ name, by: apart(numbers, ours.get(name)?.numbers ?? [NaN]) }));
  const unmade = off.filter(({ name }) => !ours.has(name));
  const extra = pawl.filter(({ name }) => !shared.some((check) => check.name === name));
  const worst = off.toSorted((a, b) => b.by - a.by)[0];
  const numbers = shared.reduce((count, check) => count + check.numbers.length, 0);
  const wrong = [
    ...unmade.map(({ name }) => `pawl has no "${name}"`),
    ...extra.map(({ name }) => `the SDK has no "${name}"`),
    ...off.filter(({ by }) => !(by <= TOLERANCE)).map(({ name, by }) => `"${name}" is off by ${by}`),
  ];
  return {
    name: 'both clients come to the same numbers',
    ok: wrong.length === 0,
    figure: wrong.length === 0 ? `${numbers} numbers, off by ${worst?.by.toExponential(1)}` : wrong.join('; '),
    numbers: [],
  };
}

/** Between a recipe's loss and that of a run with the same data in the same order. */
const RECIPE_TOLERANCE = 1e-5;

/** For each recipe, the run came to its loss at every step. */
export function compareRecipes(recipes: readonly Check[], runs: readonly Check[]): readonly Check[] {
  const names = [...new Set([...recipes, ...runs].map(({ name }) => name))];
  return names.map((name): Check => {
    const [theirs = [], ours = []] = [recipes, runs].map((all) => all.find((one) => one.name === name)?.numbers);
    const by = theirs.length === 0 ? Infinity : apart(theirs, ours);
    const steps = `${theirs.length} and ${ours.length} steps`;
    const ok = by <= RECIPE_TOLERANCE;
    const figure = ok ? `${theirs.length} steps, off by ${by.toExponential(1)}` : `${steps}, off by ${by}`;
    return { name: `${name}: a run has the recipe's loss`, ok, figure, numbers: [] };
  });
}

/** What one client asks, the other asks too, in path, query and keys of the body; but for what is allowed. */
export function compareSignatures(sdk: readonly Recorded[], pawl: readonly Recorded[], which: Sdk = 'newest'): Check {
  const allowed = ALLOWED.filter(({ beside = which }) => beside === which);
  const asked = { sdk: new Set(sdk.map(signature)), pawl: new Set(pawl.map(signature)) };
  const alone = [
    ...[...asked.sdk].filter((one) => !asked.pawl.has(one)).map((one) => ({ by: 'sdk', one })),
    ...[...asked.pawl].filter((one) => !asked.sdk.has(one)).map((one) => ({ by: 'pawl', one })),
  ];
  const allows = (allowance: Allowance, { by, one }: { by: string; one: string }): boolean =>
    allowance.by === by && allowance.signature.test(one);
  const wrong = [
    ...alone
      .filter((found) => !allowed.some((allowance) => allows(allowance, found)))
      .map(({ by, one }) => `only ${by}: ${one}`),
    ...allowed
      .filter(({ bySpeed }) => bySpeed !== true)
      .filter((allowance) => !alone.some((found) => allows(allowance, found)))
      .map(({ by, signature }) => `nothing needs the allowance of ${by} for ${signature.source}`),
  ];
  return {
    name: 'both clients ask the same: path, query, keys',
    ok: wrong.length === 0,
    figure:
      wrong.length === 0
        ? `${asked.pawl.size} kinds of request, ${allowed.length} differences allowed`
        : wrong.join('\n'),
    numbers: [],
  };
}

/** Sequenced requests are the same one by one, values included: what a model is told, in which order. */
export function compareSequences(sdk: readonly Recorded[], pawl: readonly Recorded[]): Check {
  const [theirs, ours] = [sequences(sdk), sequences(pawl)];
  const wrong: string[] = [];
  let count = 0;
  for (const model of new Set([...theirs.keys(), ...ours.keys()])) {
    if (model.includes('conformance-managed')) continue;
    const [requests, mine] = [theirs.get(model) ?? [], ours.get(model) ?? []];
    const length = Math.max(requests.length, mine.length);
    for (let index = 0; index < length; index += 1) {
      const found = difference(requests[index], mine[index]);
      count += 1;
      if (found === undefined) continue;
      wrong.push(`${model}, number ${index + 1}: ${found}`);
      break;
    }
  }
  return {
    name: 'both clients tell each model the same, in order',
    ok: wrong.length === 0,
    figure: wrong.length === 0 ? `${count} requests of ${ours.size} models` : wrong.join('\n'),
    numbers: [],
  };
}
