/** What the worker sees of this backend. */
export { createFireworksBackend } from './backend.ts';
export type { FireworksConfig, Logger } from './settings.ts';
