/** Where this home's Temporal and workers are: one answer for every command, `doctor` included. */
import { DEFAULT_TASK_QUEUE } from '../../domain/words/names.ts';
import { DEFAULT_NAMESPACE, type ClientConfig } from '../config.ts';
import { readStack, type StackInfo } from './stack-file.ts';

export interface Whereabouts {
  /** Absent: no stack runs on the home, and the environment names no server. What answers elsewhere is somebody else's. */
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  readonly taskQueue: string;
  /** Of this home, where it is the one that is meant. */
  readonly stack?: StackInfo;
}

/** What the environment names wins over the stack; where it is silent, the stack knows better than the defaults. */
export async function locate(config: ClientConfig): Promise<Whereabouts> {
  const running = await readStack(config.home);
  const address = config.temporalAddress ?? running?.temporalAddress;
  const stack = running?.temporalAddress === address ? running : undefined;
  const {
    temporalNamespace = DEFAULT_NAMESPACE,
    taskQueue = DEFAULT_TASK_QUEUE,
  }: Partial<Pick<StackInfo, 'temporalNamespace' | 'taskQueue'>> = stack ?? {};
  return {
    ...(address !== undefined && { temporalAddress: address }),
    temporalNamespace: named(config.temporalNamespace, DEFAULT_NAMESPACE) ?? temporalNamespace,
    taskQueue: named(config.taskQueue, DEFAULT_TASK_QUEUE) ?? taskQueue,
    ...(stack !== undefined && { stack }),
  };
}

/** What a person chose; undefined where it is the default. */
function named(value: string, byDefault: string): string | undefined {
  return value === byDefault ? undefined : value;
}
