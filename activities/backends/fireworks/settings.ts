/** What the backend is told at construction, with its defaults filled in. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { Backend } from '../../ports.ts';
import {
  DEFAULT_LIMITS,
  DEFAULT_POLLS,
  DEFAULT_RETRIES,
  DEFAULT_TIMEOUTS,
  type Limits,
  type Polls,
  type Retries,
  type Timeouts,
} from './tables.ts';

const DEFAULT_BASE_URL = 'https://api.fireworks.ai';

/** The part of a pino logger that is used. It is never given a key or a body. */
interface Logger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The real service by default; the sandbox or a proxy by base URL. */
export interface FireworksConfig {
  readonly apiKey: string;
  /** Host of all four services, unless one is named below. */
  readonly baseUrl?: string;
  readonly controlPlaneUrl?: string;
  readonly trainerGatewayUrl?: string;
  readonly hotLoadUrl?: string;
  readonly inferenceUrl?: string;
  /** Account id. Default: the only one that the key sees. */
  readonly account?: string;
  /** `none`: the trainer is not trusted to recognise a repeated request, so none is ever sent twice. Default: `sequence`. */
  readonly replay?: Backend['replay'];
  /** The platform stops a trainer that nobody spoke to for this long (at most three hours). */
  readonly inactivitySeconds?: number;
  readonly timeouts?: Partial<Timeouts>;
  readonly retries?: Partial<Retries>;
  readonly polls?: Partial<Polls>;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
}

export type Service = 'controlPlane' | 'trainer' | 'hotLoad' | 'inference';

export interface Settings {
  readonly apiKey: string;
  readonly urls: Readonly<Record<Service, string>>;
  readonly account?: string;
  readonly replay: Backend['replay'];
  readonly inactivitySeconds: number;
  readonly timeouts: Timeouts;
  readonly retries: Retries;
  readonly polls: Polls;
  readonly limits: Limits;
  readonly logger: Logger;
}

const SILENT: Logger = { debug: () => undefined, warn: () => undefined };

export function resolveSettings(config: FireworksConfig): Settings {
  const base = config.baseUrl ?? DEFAULT_BASE_URL;
  return {
    apiKey: checkedKey(config.apiKey),
    urls: {
      controlPlane: checkedUrl(config.controlPlaneUrl ?? base),
      trainer: checkedUrl(config.trainerGatewayUrl ?? base),
      hotLoad: checkedUrl(config.hotLoadUrl ?? base),
      inference: checkedUrl(config.inferenceUrl ?? base),
    },
    ...(config.account === undefined ? {} : { account: config.account.replace(/^accounts\//, '') }),
    replay: config.replay ?? 'sequence',
    inactivitySeconds: config.inactivitySeconds ?? 3_600,
    timeouts: { ...DEFAULT_TIMEOUTS, ...config.timeouts },
    retries: retriesOf(config),
    polls: { ...DEFAULT_POLLS, ...config.polls },
    limits: { ...DEFAULT_LIMITS, ...config.limits },
    logger: config.logger ?? SILENT,
  };
}

/** Without recognition a repeat would be applied again: whether the first one arrived cannot be known. */
function retriesOf({ replay, retries }: FireworksConfig): Retries {
  const told = { ...DEFAULT_RETRIES, ...retries };
  return replay === 'none' ? { ...told, admission: told.none, saving: told.none } : told;
}

/** A key with a line break or a space would fail later, inside a header, with its text in the error. */
function checkedKey(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new BackendError(
    'Unauthorized',
    key === ''
      ? 'no Fireworks API key: set FIREWORKS_API_KEY'
      : 'the Fireworks API key holds white space or control characters: set FIREWORKS_API_KEY to the bare key',
  );
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new BackendError(
      'InvalidRequest',
      'a Fireworks base URL is not usable: set FIREWORKS_BASE_URL to http(s)://host[:port][/path], without credentials',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
