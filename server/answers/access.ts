/** Tokens, and who did what. */
import { z } from 'zod';
import { ROLES } from '../../domain/words/access.ts';
import { count, time } from './common.ts';

const role = z.enum(ROLES);

export const TokenList = z.strictObject({
  tokens: z.array(
    z.strictObject({
      id: z.string(),
      owner: z.string().describe('as whom it acts'),
      role,
      createdBy: z.string(),
      createdAt: time,
      expiresAt: time.optional().describe('absent: never'),
      revokedAt: time.optional(),
      valid: z.boolean(),
    }),
  ),
});

export const AuditPage = z.strictObject({
  entries: z.array(
    z.strictObject({
      seq: count,
      at: time,
      owner: z.string(),
      role,
      action: z.string().describe('operation id'),
      address: z.string(),
      status: count,
      request: z.string().describe("id of the request, as in the server's log"),
    }),
  ),
  before: count.optional().describe('`before` of the next page; absent: this is the last one'),
});
