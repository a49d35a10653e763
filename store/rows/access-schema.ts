/** The tables of the HTTP API as Kysely sees them. */
import type { Generated } from 'kysely';
import type { Role } from '../../domain/words/access.ts';

interface TokensTable {
  id: string;
  hash: string;
  owner: string;
  role: Role;
  createdBy: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

interface RequestsTable {
  owner: string;
  key: string;
  address: string;
  body: string;
  hex: string;
  askedAt: string;
  status: number | null;
  answer: string | null;
}

interface AuditTable {
  seq: Generated<number>;
  at: string;
  owner: string;
  role: Role;
  action: string;
  address: string;
  status: number;
  request: string;
}

export interface AccessTables {
  tokens: TokensTable;
  requests: RequestsTable;
  audit: AuditTable;
}
