/** A stack with its wires and processes in the test's hands, and the evidence of an undisturbed run to compare with. */
import { join } from 'node:path';
import { gather, type Evidence } from '../../chaos/evidence.ts';
import { DisturbedStack, type StackOptions } from '../../chaos/stack.ts';
import { loadExperiment, type RunDetails } from '../../client/index.ts';
import { SANDBOX_KEY } from '../../client/local/sandbox-key.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { trainerId } from '../../domain/words/names.ts';
import { writeExperiment } from '../e2e/experiment.ts';

export class Disturbed {
  readonly stack: DisturbedStack;
  readonly #experiment: string;

  private constructor(stack: DisturbedStack) {
    this.stack = stack;
    this.#experiment = writeExperiment(join(stack.home, 'experiment'));
  }

  static async start(options: Partial<StackOptions> = {}): Promise<Disturbed> {
    return new Disturbed(await DisturbedStack.start({ workers: 1, ...options }));
  }

  async submit(): Promise<string> {
    const { runId } = await this.stack.runs.start(await loadExperiment(this.#experiment));
    return runId;
  }

  /** What the platform does to a trainer that nobody used for hours: over, and not to be revived. */
  async expireTrainer(runId: string): Promise<void> {
    const response = await fetch(`${this.stack.sandboxUrl}/sandbox/v1/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'X-Api-Key': SANDBOX_KEY },
      body: JSON.stringify({ now: [{ effect: { kind: 'expire_trainer' }, job: trainerId(runId, 1) }] }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Resolves with the first view of the run that the condition holds for; outages are waited for. */
  async until(runId: string, condition: (run: RunDetails) => boolean): Promise<RunDetails> {
    for (;;) {
      const run = await this.stack.runs.show(runId).catch(() => undefined);
      if (run !== undefined && condition(run)) return run;
      await sleep(100);
    }
  }

  /** What the run left behind, once it is over. */
  async evidence(runId: string): Promise<Evidence> {
    const run = await this.until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending');
    return gather(this.stack, run);
  }

  async undisturbed(): Promise<Evidence> {
    return this.evidence(await this.submit());
  }
}
