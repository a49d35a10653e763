/** The `Provisioner` port: shapes, trainer jobs and deployments of the control plane under one account. */
import type { Provisioner } from '../../ports.ts';
import { createDeployments } from './deployments.ts';
import { resolveShape } from './shapes.ts';
import { createTrainerJobs } from './trainer-jobs.ts';
import type { Wire } from './wire.ts';

export function createControlPlane(wire: Wire): Provisioner {
  const jobs = createTrainerJobs(wire);
  const deployments = createDeployments(wire);
  return {
    account: wire.account,
    resolveShape: async (shape, signal) => resolveShape(wire, shape, signal),
    createTrainer: jobs.create,
    resumeTrainer: jobs.resume,
    getTrainer: jobs.get,
    deleteTrainer: jobs.delete,
    createDeployment: deployments.create,
    getDeployment: deployments.get,
    scaleDeployment: deployments.scale,
    deleteDeployment: deployments.delete,
  };
}
