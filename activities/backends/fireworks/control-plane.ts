/** The `Provisioner` port: shapes, trainer jobs and deployments of the control plane under one account. */
import type { Provisioner, Rented } from '../../ports.ts';
import { lookUpAdapter } from './adapters.ts';
import type { Deployments } from './deployments.ts';
import { createPlace } from './place.ts';
import { promoteOnce } from './promoted-model.ts';
import { resolveShape } from './shapes.ts';
import type { TrainerJobs } from './trainer-jobs.ts';
import type { Wire } from './wire.ts';

export function createControlPlane(wire: Wire, jobs: TrainerJobs, deployments: Deployments): Provisioner {
  return {
    account: wire.account,
    place: createPlace(wire),
    resolveShape: async (shape, signal) => resolveShape(wire, shape, signal),
    adapter: async (name, signal) => lookUpAdapter(wire, name, signal),
    createTrainer: async (request, signal) => jobs.createOrGet(request, signal),
    resumeTrainer: async (id, signal) => jobs.resume(id, signal),
    getTrainer: async (id, signal) => jobs.get(id, signal),
    deleteTrainer: async (id, signal) => jobs.delete(id, signal),
    createDeployment: async (request, signal) => deployments.create(request, signal),
    getDeployment: async (id, signal) => deployments.get(id, signal),
    scaleDeployment: async (id, replicas, signal) => deployments.scale(id, replicas, signal),
    reattachDeployment: async (id, { trainerId, shape }, signal) => {
      await deployments.reattach(id, trainerId, { shape, signal });
    },
    resetLedger: async (id, signal) => deployments.resetLedger(id, signal),
    listRented: async (signal) => {
      const rented: Rented[] = [];
      for await (const { id, state, phase, label } of jobs.list({ signal })) {
        if (phase !== 'ended' && phase !== 'deleted') rented.push({ kind: 'trainer', id, state, ...labelled(label) });
      }
      for await (const { id, state, phase, replicas, label } of deployments.list(signal)) {
        if (phase !== 'deleted' && replicas > 0) rented.push({ kind: 'deployment', id, state, ...labelled(label) });
      }
      return rented;
    },
    deleteDeployment: async (id, signal) => deployments.delete(id, signal),
    promote: async (order, signal) => promoteOnce(wire, order, signal),
  };
}

function labelled(label: string | undefined): Pick<Rented, 'label'> {
  return label === undefined ? {} : { label };
}
