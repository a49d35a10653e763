/** `notify:` names channels that there are, and that can be used. */
import type { NotifySpec } from '../../domain/spec/notify-spec.ts';
import type { Problem } from './problems.ts';

/** What is wrong with a channel that somebody names; undefined: nothing that could be seen from here. */
export type ChannelCheck = (name: string) => string | undefined;

export function notifyProblems(notify: NotifySpec | undefined, check: ChannelCheck | undefined): Problem[] {
  return (notify?.channels ?? []).flatMap((name, index) => {
    const message = check?.(name);
    return message === undefined ? [] : [{ path: ['notify', 'channels', index], message }];
  });
}
