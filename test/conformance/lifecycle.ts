/** Chapters about what is rented: shape, trainer, deployment, checkpoint rows, promotion, release. */
import { apart, TOLERANCE } from './check.ts';
import type { Moves } from './moves.ts';

export async function resolve(at: Moves): Promise<void> {
  at.shape = await at.fireworks.resolveShape(at.flow.shape);
  const versioned = at.shape.reference === `${at.flow.shape}/versions/v1`;
  const context = at.shape.maxContextTokens;
  at.add('shape resolved to its version', versioned && at.shape.deploymentShape !== '', `context ${context}`, [
    context,
  ]);
}

export async function provision(at: Moves): Promise<void> {
  const { trainer, shape, deployment } = at.flow;
  await at.createTrainer(trainer, shape);
  const job = await at.fireworks.trainerJobs.get(trainer);
  at.add('trainer created and ready', job?.state === 'JOB_STATE_RUNNING', `${job?.state}`);
  await at.createTrainer(trainer, shape);
  const again = await at.fireworks.trainerJobs.get(trainer);
  const same = job?.createdAt !== undefined && again?.createdAt?.getTime() === job.createdAt.getTime();
  at.add('trainer created again is adopted', same, trainer);
  await at.deploy(deployment, trainer);
}

export async function listRows(at: Moves): Promise<void> {
  const rows = await at.fireworks.trainerJobs.listCheckpoints(at.flow.trainer);
  const kinds = new Map(rows.map(({ id, kind, promotable }) => [id, `${kind} ${promotable}`]));
  const [base = '', delta = ''] = at.snapshots;
  const ok =
    kinds.get(base) === 'base true' && kinds.get(delta) === 'delta false' && kinds.get('step-a') === 'state false';
  at.add('rows listed with type and promotability', ok, `${rows.length} rows`, [rows.length]);
}

export async function promote(at: Moves): Promise<void> {
  const { trainer, promotedModel, promotedTrainer, baseModel } = at.flow;
  const { trainerJobs } = at.fireworks;
  const rows = await trainerJobs.listCheckpoints(trainer);
  const outputModel = `accounts/${await at.fireworks.account()}/models/${promotedModel}`;
  const checkpointId = rows.find(({ promotable }) => promotable)?.id ?? '';
  const model = await trainerJobs.promoteCheckpoint({ checkpointId, trainerId: trainer, outputModel, baseModel });
  const ok = model.name === outputModel && model.kind === 'HF_BASE_MODEL' && model.state === 'READY';
  at.add('snapshot promoted', ok, model.name);
  // A run that starts from the promoted model; the platform chooses the shape.
  await at.createTrainer(promotedTrainer, undefined, 0, outputModel);
  const client = await at.connect(promotedTrainer, { baseModel: outputModel });
  const losses = await at.losses(client);
  const off = apart(losses, at.promotable);
  at.add('a run starts from the promoted model', off < TOLERANCE, `off by ${off.toExponential(1)}`, losses);
  client.close();
  await trainerJobs.delete(promotedTrainer);
}

/** Ends every session, releases what was rented, and reads back that nothing is left. */
export async function close(at: Moves): Promise<void> {
  const { trainer, secondTrainer, loraTrainer, promotedTrainer, deployment } = at.flow;
  const { deployments, trainerJobs } = at.fireworks;
  for (const client of at.clients) client.close();
  await deployments.scale(deployment, 0);
  const scaled = await deployments.get(deployment);
  at.add('deployment scaled to zero', scaled?.state === 'READY' && scaled.replicas === 0, `${scaled?.state}`);
  await deployments.delete(deployment);
  const gone = await deployments.get(deployment);
  await trainerJobs.delete(trainer);
  await trainerJobs.delete(secondTrainer);
  const ids = [trainer, secondTrainer, loraTrainer, promotedTrainer];
  const states = new Set(await Promise.all(ids.map(async (id) => (await trainerJobs.get(id))?.state)));
  const deleted = gone === undefined || gone.phase === 'deleted';
  at.add(
    'everything released',
    deleted && states.size === 1 && states.has('JOB_STATE_DELETED'),
    [...states].join(', '),
  );
}
