/** Prompt sets are added, and named, by a worker: it alone writes to the store and the artifacts. */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type {
  AddedPrompts,
  AddPromptsInput,
  AliasedPrompts,
  AliasPromptsInput,
  PromptActivities,
} from '../../domain/words/prompts.ts';

/** As long as it takes, like a plan: it says how far it is. */
const OPTIONS: ActivityOptions = {
  heartbeatTimeout: '30s',
  startToCloseTimeout: '4d',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 5 },
};

const activities = proxyActivities<PromptActivities>(OPTIONS);

export async function addPrompts(input: AddPromptsInput): Promise<AddedPrompts> {
  return activities.addPrompts(input);
}

export async function aliasPrompts(input: AliasPromptsInput): Promise<AliasedPrompts> {
  return activities.aliasPrompts(input);
}
