/** What the worker sees of this backend. */
export { createFireworksBackend } from './backend.ts';
export type { FireworksConfig } from './settings.ts';
export { retriesWithin } from './tables.ts';
