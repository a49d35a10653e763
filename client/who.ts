/** Who asks, for the record: the account and machine that a command was given on. */
import { hostname, userInfo } from 'node:os';

export function whoAsks(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run under an id that no account has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'somebody';
  }
}
