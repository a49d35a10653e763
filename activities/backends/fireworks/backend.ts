/** The Fireworks platform behind the `Backend` port: four services over one HTTP client. */
import type { Backend } from '../../ports.ts';
import { createAccount } from './account.ts';
import { createControlPlane } from './control-plane.ts';
import { createHttp } from './http.ts';
import { createSampler } from './sampler.ts';
import { resolveSettings, type FireworksConfig } from './settings.ts';
import { createTrainer } from './trainer.ts';
import { createWeightSync } from './weight-sync.ts';
import type { Wire } from './wire.ts';

/** Fails at once if the key or a base URL cannot be used; sends nothing until it is asked to. */
export function createFireworksBackend(config: FireworksConfig): Backend {
  const settings = resolveSettings(config);
  const http = createHttp(settings);
  const wire: Wire = { settings, http, account: createAccount(settings, http) };
  return {
    name: 'fireworks',
    replay: settings.replay,
    provisioner: createControlPlane(wire),
    weightSync: createWeightSync(wire),
    sampler: createSampler(wire),
    trainer: (trainerId) => createTrainer(wire, trainerId),
    close: async () => http.close(),
  };
}
