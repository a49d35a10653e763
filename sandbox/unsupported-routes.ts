/** Parts of the platform that the sandbox does not have: whoever calls them is told so, not that they do not exist. */
import type { FastifyInstance } from 'fastify';
import { invalid } from './errors.ts';

const UNSUPPORTED = {
  '/training/v1/serverless/*': 'serverless training is not supported here: create a trainer job',
  '/v1/accounts/:account/trainingSessions': 'serverless sessions are not supported here',
  '/v1/accounts/:account/trainingSessions/*': 'serverless sessions are not supported here',
  '/v1/accounts/:account/supervisedFineTuningJobs': 'managed jobs are not supported here: create a trainer job',
  '/v1/accounts/:account/supervisedFineTuningJobs/*': 'managed jobs are not supported here: create a trainer job',
  '/v1/accounts/:account/dpoJobs': 'managed jobs are not supported here: create a trainer job',
  '/v1/accounts/:account/dpoJobs/*': 'managed jobs are not supported here: create a trainer job',
} as const;

export function unsupportedRoutes(app: FastifyInstance): void {
  for (const [path, why] of Object.entries(UNSUPPORTED)) {
    app.all(path, () => {
      throw invalid(why);
    });
  }
}
