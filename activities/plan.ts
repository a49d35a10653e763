/** Pins everything a run depends on, by hash, and prices it. Rents nothing. */
import type { Activities } from '../workflows/contracts.ts';
import type { Artifacts } from './data/artifacts.ts';
import { planChunks } from './data/batches.ts';
import { importDataset } from './data/dataset.ts';
import { importPromptSet, openPromptSet } from './data/prompt-set.ts';
import { loadTokenizer } from './data/tokenizer.ts';
import { requestsPerStep } from './gradient.ts';
import { openGrader, pinGrader, type Secrets } from './grading/graders.ts';
import { rehearseGrader } from './grading/rehearse.ts';
import { signal } from './guard.ts';
import { pinObjective } from './objectives/load-objective.ts';
import type { Backend } from './ports.ts';
import type { Store } from './store/index.ts';

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly artifacts: Artifacts;
  readonly secrets: Secrets;
}

export function planning({ backend, store, artifacts, secrets }: Ports): Pick<Activities, 'plan'> {
  return {
    async plan({ runId, spec }) {
      await store.saveRun({ runId, name: spec.name, spec, createdAt: new Date().toISOString() });
      const account = await backend.provisioner.account(signal());
      const shape = await backend.provisioner.resolveShape(spec.model.shape, signal());
      // The tighter of what the spec asks for and what the shape can hold.
      const maxTokens = Math.min(spec.data.maxTokens, shape.maxContextTokens);
      const tokenizer = await loadTokenizer(spec.model.tokenizer);
      const { train, endToken, chatTemplate, trainOn } = spec.data;
      const dataset = await importDataset(artifacts, {
        train,
        tokenizer,
        chat: { tokenizer: spec.model.tokenizer, template: chatTemplate, trainOn },
        maxTokens,
        endToken,
        signal: signal(),
      });
      const prompts = await importPromptSet(artifacts, {
        path: spec.evaluate.prompts,
        tokenizer,
        maxTokens: shape.maxContextTokens - 1,
        signal: signal(),
      });
      await store.savePromptSet({
        hash: prompts.hash,
        prompts: prompts.prompts,
        duplicates: prompts.duplicates,
        tokenizer: tokenizer.hash,
      });
      const graderModule = await pinGrader(artifacts, spec.evaluate.grader);
      const grader = await openGrader({ artifacts, secrets }, spec.evaluate.grader, graderModule);
      await rehearseGrader(grader, await openPromptSet(artifacts, prompts.hash), signal());
      const objective = await pinObjective(artifacts, spec.train.objective);
      const { batchSize, accumulate } = spec.train;
      const chunksPerStep = planChunks({ batchSize, accumulate, maxExampleTokens: dataset.maxExampleTokens });
      return {
        account,
        shape,
        baseModel: spec.model.base ?? shape.baseModel,
        dataset: dataset.hash,
        examples: dataset.examples,
        examplesDropped: dataset.dropped,
        promptSet: prompts.hash,
        prompts: prompts.prompts,
        chunksPerStep,
        requestsPerStep: requestsPerStep(chunksPerStep, objective.custom),
        ...(objective.module !== undefined && { objectiveModule: objective.module }),
        ...(graderModule !== undefined && { graderModule }),
        costPerHour: spec.prices.trainerPerHour + spec.deployment.replicas * spec.prices.replicaPerHour,
        ...(endToken !== undefined && { stop: endToken }),
      };
    },
  };
}
