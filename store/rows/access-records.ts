/** Who may ask, what was asked under a key, who did what: in the words of the domain. */
import type { Role } from '../../domain/words/access.ts';

/** What is known of a token; the token itself is known to its owner alone. */
export interface StoredToken {
  readonly id: string;
  /** As whom it acts. */
  readonly owner: string;
  readonly role: Role;
  readonly createdBy: string;
  readonly createdAt: string;
  /** Absent: never. */
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}

/** A request that may be repeated. */
interface KeyedRequest {
  readonly owner: string;
  readonly key: string;
  /** Method and path. */
  readonly address: string;
  /** sha256 of its body. */
  readonly body: string;
  /** What the ids of whatever it makes follow from. */
  readonly hex: string;
}

export interface StoredRequest extends KeyedRequest {
  readonly askedAt: string;
  /** Absent: it is not known whether it was done. */
  readonly done?: { readonly status: number; readonly answer: string };
}

export interface AuditEntry {
  readonly owner: string;
  readonly role: Role;
  /** Name of the operation. */
  readonly action: string;
  readonly address: string;
  readonly status: number;
  /** Id of the request, as in the log of the server. */
  readonly request: string;
}

export interface StoredAuditEntry extends AuditEntry {
  readonly seq: number;
  readonly at: string;
}

export interface AccessReader {
  /** By the sha256 of the token. */
  tokenByHash(hash: string): Promise<StoredToken | undefined>;
  /** Newest first. */
  tokens(): Promise<readonly StoredToken[]>;
  /** Newest first; those before a number, if asked. */
  audit(page: { limit: number; before?: number }): Promise<readonly StoredAuditEntry[]>;
}

export interface AccessWriter {
  addToken(token: StoredToken & { readonly hash: string }): Promise<void>;
  /** False: there is none of this id. */
  revokeToken(id: string): Promise<boolean>;
  /** Keyed by (owner, key): the first stands, and is what is handed out. */
  beginRequest(request: KeyedRequest): Promise<StoredRequest>;
  /** The first answer stands. */
  endRequest(of: Pick<KeyedRequest, 'owner' | 'key'>, done: { status: number; answer: string }): Promise<void>;
  /** Those that were asked before. */
  forgetRequests(before: string): Promise<void>;
  noteAction(entry: AuditEntry): Promise<void>;
}
