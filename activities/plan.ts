/** Pins everything a run depends on, by hash, and prices it. Rents nothing. */
import { promptsReference, type Activities } from '../workflows/contracts.ts';
import type { Artifacts } from './data/artifacts.ts';
import { planChunks } from './data/batches.ts';
import { importDataset, openDataset } from './data/dataset.ts';
import { stepsOfEpochs } from './data/epochs.ts';
import { overlappingPrompts } from './data/overlap.ts';
import { openPromptSet } from './data/prompt-set.ts';
import { loadTokenizer } from './data/tokenizer.ts';
import { requestsPerStep } from './gradient.ts';
import { openGrader, pinGrader, type Secrets } from './grading/graders.ts';
import { rehearseGrader } from './grading/rehearse.ts';
import { signal } from './guard.ts';
import { pinObjective } from './objectives/load-objective.ts';
import type { Backend } from './ports.ts';
import { pinPromptSet } from './prompts.ts';
import type { Store } from './store/index.ts';

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly artifacts: Artifacts;
  readonly secrets: Secrets;
}

export function planning({ backend, store, artifacts, secrets }: Ports): Pick<Activities, 'plan'> {
  /** Told, not refused: to see how well something was learned by heart is a fair question too. */
  async function warnOfOverlap(runId: string, dataset: string, promptSet: string): Promise<void> {
    const prompts = await openPromptSet(artifacts, promptSet);
    const overlapping = overlappingPrompts(await openDataset(artifacts, dataset), prompts);
    if (overlapping === 0) return;
    await store.addEvent(runId, {
      key: 'overlap',
      at: new Date().toISOString(),
      phase: 'plan',
      level: 'warn',
      message: `${overlapping} of ${prompts.length} prompts of the evaluation are in the training data too`,
    });
  }

  return {
    async plan({ runId, spec, parent }) {
      const createdAt = new Date().toISOString();
      await store.saveRun({ runId, name: spec.name, spec, createdAt, ...(parent !== undefined && { parent }) });
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
      const steps = stepsOfEpochs(spec, dataset.examples);
      const prompts = await pinPromptSet(
        { store, artifacts },
        { reference: promptsReference(spec.evaluate.prompts), tokenizer, maxTokens: shape.maxContextTokens - 1 },
      );
      await warnOfOverlap(runId, dataset.hash, prompts.hash);
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
        ...(steps !== undefined && { steps }),
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
