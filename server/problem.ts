/** What is answered where something cannot be done: RFC 9457 problems, each kind under a name of its own. */
import { z } from 'zod';
import { PawlError, StoreUnavailable } from '../store/index.ts';
import { cutText, visible } from '../domain/words/outside-text.ts';
import { KeyReusedError } from '../client/access/requests.ts';
import { messageOf, NotFoundError, UnreachableError, UserError } from '../client/errors.ts';
import { ExperimentError } from '../files/experiment/experiment-error.ts';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** For people: when it is answered. */
  readonly meaning: string;
}

export const KINDS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not one that this server reads',
    meaning: 'A parameter, a header or the body is missing, unknown, or of another form; `errors` names each.',
  },
  unauthenticated: {
    status: 401,
    title: 'Nobody is known by this token',
    meaning: 'The server asks for a token, and there is none, or one that was revoked, has expired, or never was.',
  },
  forbidden: {
    status: 403,
    title: 'This may not be asked so',
    meaning: 'The role of the token is too weak, or the request comes from a page of another origin.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    meaning: 'Nothing is known by this name, or there is nothing at this address.',
  },
  'no-such-method': {
    status: 405,
    title: 'This address knows no such method',
    meaning: '`Allow` names those that it knows.',
  },
  refused: {
    status: 409,
    title: 'This cannot be done now',
    meaning: 'What was asked goes against the state that the thing is in: a run that is over cannot be paused.',
  },
  'too-large': { status: 413, title: 'The body is too large', meaning: 'The limit is told in `detail`.' },
  'unsupported-type': {
    status: 415,
    title: 'The body is of another type',
    meaning: 'Its content type is none of those that the operation reads.',
  },
  misdirected: {
    status: 421,
    title: 'This server is not the one that was asked for',
    meaning: 'The `Host` header names a host that the server was not told it is.',
  },
  'invalid-experiment': {
    status: 422,
    title: 'The experiment cannot be run as it stands',
    meaning: 'It was read, and a run of it would be refused; `errors` has each reason, in the words of `pawl check`.',
  },
  'key-reused': {
    status: 422,
    title: 'The key stands for another request',
    meaning: 'This `Idempotency-Key` came with another body, or at another address, before.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    meaning: '`Retry-After` tells when the next one is heard.',
  },
  internal: {
    status: 500,
    title: 'The server failed',
    meaning: 'A defect of pawl: its log has the reason, under the id of the request.',
  },
  unavailable: {
    status: 503,
    title: 'Somebody who is needed does not answer',
    meaning: 'Temporal or the store is away. The same request may succeed later.',
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** Where its meaning can be read, on this very server. */
function typeOf(kind: KindName): string {
  return `/docs/problems#${kind}`;
}

export const ProblemBody = z.strictObject({
  type: z.string().describe('where its kind is explained, on this server'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe('what is wrong here'),
  remedy: z.string().optional().describe('the way out'),
  request: z.string().describe("of the server's log"),
  errors: z
    .array(
      z.strictObject({
        detail: z.string(),
        pointer: z.string().optional().describe('JSON pointer into the body (RFC 6901)'),
        parameter: z.string().optional().describe('of the address, by its name'),
      }),
    )
    .optional()
    .describe('each fault by itself'),
});
export type ProblemBody = z.output<typeof ProblemBody>;
export type Fault = NonNullable<ProblemBody['errors']>[number];

interface Said {
  readonly detail: string;
  readonly remedy?: string;
  readonly errors?: readonly Fault[];
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: KindName;
  readonly said: Said;

  constructor(kind: KindName, said: Said, options: { cause?: unknown } = {}) {
    super(said.detail, options);
    this.kind = kind;
    this.said = said;
  }

  body(request: string): ProblemBody {
    const { status, title } = KINDS[this.kind];
    const { detail, remedy, errors } = this.said;
    return {
      type: typeOf(this.kind),
      title,
      status,
      detail: shown(detail),
      ...(remedy !== undefined && remedy !== '' && { remedy: shown(remedy) }),
      request,
      ...(errors !== undefined && { errors: errors.map((fault) => ({ ...fault, detail: shown(fault.detail) })) }),
    };
  }
}

/** A path or a platform's answer may be as long as it likes. */
const LONGEST = 1_500;

function shown(text: string): string {
  return cutText(visible(text), LONGEST);
}

/** What is told of whatever was thrown; of a defect no more than that it is one. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ExperimentError) return invalidExperiment(error);
  if (error instanceof KeyReusedError) return ofUserError('key-reused', error);
  if (error instanceof UnreachableError) return ofUserError('unavailable', error);
  if (error instanceof StoreUnavailable) return new Problem('unavailable', { detail: messageOf(error) });
  if (error instanceof NotFoundError) return ofUserError('not-found', error);
  if (error instanceof UserError) return ofUserError('refused', error);
  if (error instanceof PawlError && error.type === 'InvalidRequest') {
    return new Problem('refused', { detail: messageOf(error) });
  }
  return ofTransport(error) ?? new Problem('internal', { detail: 'See the log of the server.' }, { cause: error });
}

function ofUserError(kind: KindName, error: UserError): Problem {
  const { remedy } = error;
  const text = messageOf(error);
  const detail = remedy !== '' && text.endsWith(remedy) ? text.slice(0, -remedy.length).trimEnd() : text;
  return new Problem(kind, { detail, remedy }, { cause: error });
}

function invalidExperiment({ problems, fields }: ExperimentError): Problem {
  return new Problem('invalid-experiment', {
    detail: problems.length === 1 ? (problems[0] ?? '') : `It has ${problems.length} faults.`,
    errors: problems.map((detail, at) => {
      const field = fields?.[at];
      return { detail, ...(field !== undefined && { pointer: pointerTo(field) }) };
    }),
  });
}

export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const BY_STATUS: Readonly<Record<number, KindName>> = {
  400: 'invalid-request',
  413: 'too-large',
  415: 'unsupported-type',
  429: 'too-many-requests',
};

/** What the HTTP library itself refuses. */
function ofTransport(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const kind = BY_STATUS[Number(error.statusCode)];
  return kind && new Problem(kind, { detail: messageOf(error) }, { cause: error });
}
