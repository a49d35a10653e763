/** Reads notify.yaml, by which people are told: it stands in the home, and need not be there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelsFile } from '../domain/spec/channels-spec.ts';
import type { ChannelState } from '../domain/words/notify.ts';
import { openYaml } from './experiment/experiment-file.ts';
import type { ChannelCheck } from './experiment/notify-checks.ts';
import { problemsOf } from './experiment/problems.ts';

function channelsPath(home: string): string {
  return join(home, 'notify.yaml');
}

/** Without the file there are no channels. Fails with an `ExperimentError` that lists every problem found. */
export async function loadChannels(home: string): Promise<ChannelsFile> {
  const path = channelsPath(home);
  if (!existsSync(path)) return { channels: {}, default: { channels: [] } };
  const { value, errorOf } = await openYaml(path);
  const parsed = ChannelsFile.safeParse(value);
  if (!parsed.success) throw errorOf(problemsOf(ChannelsFile, value, parsed.error.issues));
  return parsed.data;
}

/** By notify.yaml, and by what the workers say of it; `states` is empty where none has started yet. */
export function channelCheck({ channels }: ChannelsFile, states: readonly ChannelState[]): ChannelCheck {
  return (name) => {
    if (!Object.hasOwn(channels, name)) {
      const known = Object.keys(channels);
      const remedy = known.length === 0 ? 'Write it into notify.yaml in the home' : `There are: ${known.join(', ')}`;
      return `there is no channel "${name}" in notify.yaml. ${remedy} (docs/notifications.md).`;
    }
    const state = states.find((one) => one.name === name);
    if (state === undefined && states.length > 0) return `the workers do not know channel "${name}" yet. Restart them.`;
    return state?.problem === undefined ? undefined : `channel "${name}" cannot be used: ${state.problem}.`;
  };
}
