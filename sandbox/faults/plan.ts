/** What is to go wrong, and when: rules over requests, seeded, so that a failure repeats. */
import { z } from 'zod';
import { uniformOf, type Uniform } from '../model/random.ts';
import { DnsLabel } from '../validate.ts';

const Milliseconds = z.int().min(0).max(600_000);
const Replica = z.int().min(0).max(63).optional();

const Pattern = z
  .string()
  .min(1)
  .max(500)
  .transform((source, context) => {
    try {
      return new RegExp(source);
    } catch {
      context.addIssue(`"${source}" is not a regular expression`);
      return z.NEVER;
    }
  });

const Match = z.strictObject({
  method: z.enum(['GET', 'POST', 'PATCH', 'DELETE']).optional(),
  /** Of the path with its query. */
  path: Pattern.optional(),
  /** Last part of the path, without a custom method's id: `optim_step`, `hot_load`, `completions`, `resume`. */
  operation: z.string().min(1).optional(),
  job: z.string().min(1).optional(),
  deployment: z.string().min(1).optional(),
  /** Only this one of the matching requests, counted from 1. */
  nth: z.int().min(1).optional(),
  /** Each matching request with this probability. */
  probability: z.number().min(0).max(1).optional(),
});

const Effect = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ms: Milliseconds }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.number().min(0).max(600).optional(),
    message: z.string().max(500).optional(),
  }),
  // After: the request is carried out, and nobody hears of it.
  z.strictObject({ kind: z.literal('reset'), when: z.enum(['before', 'after']) }),
  z.strictObject({
    kind: z.literal('try_again'),
    state: z.enum(['active', 'paused_capacity', 'paused_rate_limit']).default('active'),
  }),
  // After: with the request in hand. Before: the request finds nobody.
  z.strictObject({ kind: z.literal('preempt'), when: z.enum(['before', 'after']).default('after') }),
  z.strictObject({ kind: z.literal('restart_replica'), replica: Replica }),
  z.strictObject({ kind: z.literal('stuck_load'), replica: Replica, ms: Milliseconds.optional() }),
  z.strictObject({ kind: z.literal('failed_load'), replica: Replica }),
  z.strictObject({ kind: z.literal('stale_replica'), replica: Replica }),
  z.strictObject({ kind: z.literal('torn_stream'), afterEvents: z.int().min(0).max(10_000).default(1) }),
  z.strictObject({ kind: z.literal('pending'), ms: Milliseconds }),
  z.strictObject({ kind: z.literal('expire_sessions') }),
  z.strictObject({ kind: z.literal('expire_trainer') }),
]);
export type Effect = z.output<typeof Effect>;

const Rule = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  match: Match.default({}),
  effect: Effect,
  /** How often it happens; 0 is always. */
  times: z.int().min(0).max(1_000_000).default(1),
});
type Rule = z.output<typeof Rule>;

/** A fault plan, as it stands in a file or is posted. */
export const FaultPlan = z.strictObject({
  seed: z.string().min(1).default('faults'),
  rules: z.array(Rule).max(1000).default([]),
  /** Done at once, to the named job or deployment, rather than to a request. */
  now: z
    .array(z.strictObject({ effect: Effect, job: DnsLabel.optional(), deployment: DnsLabel.optional() }))
    .max(100)
    .default([]),
});
export type FaultPlan = z.output<typeof FaultPlan>;

/** What rules look at. */
export interface Occasion {
  readonly method: string;
  readonly url: string;
  readonly operation: string;
  readonly job?: string | undefined;
  readonly deployment?: string | undefined;
}

interface Fired {
  readonly rule: string;
  readonly effect: Effect['kind'];
  readonly at: string;
  readonly method: string;
  readonly url: string;
}

interface LiveRule {
  readonly rule: Rule;
  readonly name: string;
  readonly uniform: Uniform;
  matched: number;
  fired: number;
}

/** The rules in force and the account of what they did. */
export class Faults {
  #rules: LiveRule[] = [];
  readonly #log: Fired[] = [];
  #added = 0;

  add({ seed, rules }: FaultPlan): void {
    for (const rule of rules) {
      const name = rule.name ?? `rule-${++this.#added}`;
      this.#rules.push({ rule, name, uniform: uniformOf(`${seed}/${name}`), matched: 0, fired: 0 });
    }
  }

  clear(): void {
    this.#rules = [];
  }

  /** Effects on this request, in the order of the rules. */
  strike(occasion: Occasion): Effect[] {
    const effects: Effect[] = [];
    for (const live of this.#rules) {
      if (!this.#strikes(live, occasion)) continue;
      live.fired += 1;
      this.record(live.name, live.rule.effect, occasion);
      effects.push(live.rule.effect);
    }
    return effects;
  }

  record(rule: string, effect: Effect, { method, url }: Occasion): void {
    this.#log.push({ rule, effect: effect.kind, at: new Date().toISOString(), method, url: url.slice(0, 300) });
  }

  report(): object {
    return {
      rules: this.#rules.map(({ name, rule, matched, fired }) => ({
        name,
        match: { ...rule.match, ...(rule.match.path && { path: rule.match.path.source }) },
        effect: rule.effect,
        times: rule.times,
        matched,
        fired,
      })),
      fired: this.#log,
    };
  }

  #strikes(live: LiveRule, occasion: Occasion): boolean {
    const { match, times } = live.rule;
    if (!fits(match, occasion) || (times > 0 && live.fired >= times)) return false;
    live.matched += 1;
    if (match.nth !== undefined && live.matched !== match.nth) return false;
    return match.probability === undefined || live.uniform() < match.probability;
  }
}

function fits(match: Rule['match'], occasion: Occasion): boolean {
  return (
    (match.method === undefined || match.method === occasion.method) &&
    (match.path === undefined || match.path.test(occasion.url)) &&
    (match.operation === undefined || match.operation === occasion.operation) &&
    (match.job === undefined || match.job === occasion.job) &&
    (match.deployment === undefined || match.deployment === occasion.deployment)
  );
}
