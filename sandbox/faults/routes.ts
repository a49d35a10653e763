/** The fault plan over HTTP, for those who were allowed to: more rules, what happened so far, and no rules. */
import type { FastifyInstance } from 'fastify';
import { parse } from '../validate.ts';
import { inflict, type FaultTargets } from './hooks.ts';
import { FaultPlan, type Faults } from './plan.ts';

const PATH = '/sandbox/v1/faults';

export function faultRoutes(app: FastifyInstance, faults: Faults, targets: FaultTargets): void {
  const add = async (body: unknown): Promise<object> => {
    const plan = parse(FaultPlan, body);
    faults.add(plan);
    for (const { effect, ...target } of plan.now) {
      await inflict(effect, target, targets);
      faults.record('now', effect, { method: 'POST', url: PATH, operation: 'faults' });
    }
    return faults.report();
  };
  app.post(PATH, (request) => add(request.body));
  app.get(PATH, () => faults.report());
  app.delete(PATH, () => {
    faults.clear();
    return faults.report();
  });
}
