/** The Fireworks platform behind the `Backend` port: the library's own parts, with a run's sequence numbers. */
import type { Backend } from '../../ports.ts';
import { createControlPlane } from './control-plane.ts';
import { Fireworks } from './fireworks.ts';
import { createHotLoad } from './hot-load.ts';
import { createSampler } from './sampler.ts';
import type { FireworksConfig } from './settings.ts';

/** Fails at once if the key or a base URL cannot be used; sends nothing until it is asked to. */
export function createFireworksBackend(config: FireworksConfig): Backend {
  const fireworks = new Fireworks(config);
  const { wire, trainerJobs, deployments } = fireworks;
  return {
    name: 'fireworks',
    replay: wire.settings.replay,
    provisioner: createControlPlane(wire, trainerJobs, deployments),
    weightSync: createHotLoad(wire),
    sampler: createSampler(wire),
    trainer: (trainerId) => fireworks.trainer(trainerId),
    close: async () => fireworks.close(),
  };
}
