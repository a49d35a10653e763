/** Who asks: by a token, or, where everybody who reaches the server may do everything, the account that runs it. */
import type { Tokens } from '../client/access/tokens.ts';
import { Problem } from './problem.ts';
import type { Caller } from './route.ts';

export interface Access {
  readonly tokens: Pick<Tokens, 'verify'>;
  /** Who asks without a token; absent: nobody may. */
  readonly open?: Caller;
}

/** What is presented counts, also where nothing is asked for: whoever shows a token acts in its role. */
export async function identify({ tokens, open }: Access, authorization: string | undefined): Promise<Caller> {
  if (authorization === undefined) {
    if (open !== undefined) return open;
    throw new Problem('unauthenticated', {
      detail: 'This server asks for a token.',
      remedy: 'Send it as `Authorization: Bearer TOKEN`; one is made by: pawl token add.',
    });
  }
  const [, token] = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(authorization) ?? [];
  const known = token === undefined ? undefined : await tokens.verify(token);
  if (known !== undefined) return { role: known.role, owner: known.owner };
  throw new Problem('unauthenticated', {
    detail: 'This token is none, has expired, or was revoked.',
    remedy: 'Make another one: pawl token add.',
  });
}
