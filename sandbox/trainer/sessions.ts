/** Clients of one trainer: each is known for as long as it is heard of, and takes its models along when it is not. */
import { randomBytes } from 'node:crypto';
import { notFound } from '../errors.ts';

/** What a model was created by: the same request again is answered with the same model. */
export interface CreatedModel {
  readonly digest: string;
  readonly requestId: string;
  readonly modelId: string;
}

export interface Session {
  readonly id: string;
  /** By the client's own number for them. */
  readonly models: Map<number, CreatedModel>;
  heardAt: number;
}

export interface SessionsOptions {
  /** How long a session lives without a sign of its client. */
  readonly lifetimeMs: number;
  /** A session with work in hand does not expire. */
  readonly isBusy: (session: Session) => boolean;
  readonly onExpired: (session: Session) => void;
  readonly now?: () => number;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  create(): Session {
    const id = `sess-${randomBytes(8).toString('hex')}`;
    const session: Session = { id, models: new Map(), heardAt: this.#now() };
    this.#sessions.set(id, session);
    return session;
  }

  /** The session, now heard of; one that expired is unknown, even if nobody has swept since. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session !== undefined && this.#isOver(session)) this.#expire(session);
    if (session === undefined || !this.#sessions.has(id)) throw notFound(`session "${id}"`);
    session.heardAt = this.#now();
    return session;
  }

  sweep(): void {
    for (const session of this.#sessions.values()) if (this.#isOver(session)) this.#expire(session);
  }

  expireAll(): void {
    for (const session of this.#sessions.values()) this.#expire(session);
  }

  #isOver(session: Session): boolean {
    return this.#now() - session.heardAt > this.#options.lifetimeMs && !this.#options.isBusy(session);
  }

  #expire(session: Session): void {
    this.#sessions.delete(session.id);
    this.#options.onExpired(session);
  }
}
