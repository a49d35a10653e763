/** The sandbox's own page of truth, which no real platform has: what was applied, and what is rented now. */
import type { FastifyInstance } from 'fastify';
import type { Ledger } from './ledger.ts';
import type { Deployments } from './serving/deployments.ts';
import { isRented } from './trainer/job-record.ts';
import type { TrainerJobs } from './trainer/jobs.ts';

export interface LedgerRoutesOptions {
  readonly account: string;
  readonly jobs: TrainerJobs;
  readonly deployments: Deployments;
  readonly ledger: Ledger;
}

export function ledgerRoutes(app: FastifyInstance, { account, jobs, deployments, ledger }: LedgerRoutesOptions): void {
  app.get('/sandbox/v1/ledger', () => ({
    trainers: ledger.all(),
    rented: {
      trainerJobs: jobs
        .list()
        .filter((job) => isRented(job.state))
        .map((job) => `accounts/${account}/rlorTrainerJobs/${job.id}`),
      deployments: deployments
        .list()
        .filter((deployment) => deployment.replicas.length > 0)
        .map(({ record, replicas }) => ({
          name: `accounts/${account}/deployments/${record.id}`,
          replicas: replicas.length,
        })),
    },
    /** Whatever became of it: what must be accounted for. */
    made: { trainerJobs: jobs.made(), deployments: deployments.made() },
    processes: {
      trainers: jobs.processes(),
      replicas: Object.fromEntries(
        deployments.list().map(({ record, replicas }) => [record.id, replicas.map(({ pid }) => pid ?? 0)]),
      ),
    },
  }));
}
