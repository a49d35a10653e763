/** Training shapes: the hardware and base model that a trainer is made of, resolved to an exact version. */
import { z } from 'zod';
import type { ResolvedShape } from '../../../workflows/contracts.ts';
import { BackendError } from '../../errors.ts';
import { controlCall, Int, unlessStatus } from './control-call.ts';
import type { Wire } from './wire.ts';

const SHAPE = /^accounts\/[^/]+\/trainingShapes\/[^/]+(\/versions\/[^/]+)?$/;

const ShapeVersion = z.object({
  name: z.string(),
  snapshot: z.object({
    baseModel: z.string(),
    trainerMode: z.string().optional(),
    maxSupportedContextLength: Int,
    acceleratorType: z.string().default('ACCELERATOR_TYPE_UNSPECIFIED'),
    acceleratorCount: Int.default(0),
    deploymentShapeVersion: z.string().default(''),
  }),
});
const ShapeVersions = z.object({ trainingShapeVersions: z.array(ShapeVersion).default([]) });

/** A name without a version means its latest validated one. */
export async function resolveShape(wire: Wire, shape: string, signal: AbortSignal): Promise<ResolvedShape> {
  const match = SHAPE.exec(shape);
  if (match === null) {
    throw new BackendError(
      'InvalidRequest',
      `"${shape}" is not a training shape: use accounts/<account>/trainingShapes/<shape>, optionally with /versions/<version>`,
    );
  }
  const version = match[1] === undefined ? await latest(wire, shape, signal) : await exact(wire, shape, signal);
  const { snapshot } = version;
  if (snapshot.trainerMode === 'FORWARD_ONLY' || snapshot.deploymentShapeVersion === '') {
    const lack = snapshot.deploymentShapeVersion === '' ? 'pins no deployment shape to serve from' : 'cannot train';
    throw new BackendError('InvalidRequest', `training shape ${version.name} ${lack}: choose another shape`);
  }
  return {
    reference: version.name,
    baseModel: snapshot.baseModel,
    maxContextTokens: snapshot.maxSupportedContextLength,
    acceleratorType: snapshot.acceleratorType,
    acceleratorCount: snapshot.acceleratorCount,
    deploymentShape: snapshot.deploymentShapeVersion,
  };
}

async function latest(wire: Wire, shape: string, signal: AbortSignal): Promise<z.output<typeof ShapeVersion>> {
  const call = controlCall(wire.settings, 'GET', `${shape}/versions`, {
    query: { filter: 'latest_validated=true', pageSize: '1' },
  });
  const answer = await unlessStatus(404, wire.http.send(call, ShapeVersions, signal));
  if (answer === undefined) throw unknownShape(shape);
  const [version] = answer.trainingShapeVersions;
  if (version === undefined) {
    throw new BackendError(
      'InvalidRequest',
      `training shape ${shape} has no validated version: check the name, or pin one with /versions/<version>`,
    );
  }
  return version;
}

async function exact(wire: Wire, shape: string, signal: AbortSignal): Promise<z.output<typeof ShapeVersion>> {
  const call = controlCall(wire.settings, 'GET', shape);
  const version = await unlessStatus(404, wire.http.send(call, ShapeVersion, signal));
  if (version === undefined) throw unknownShape(shape);
  return version;
}

function unknownShape(shape: string): BackendError {
  return new BackendError(
    'InvalidRequest',
    `the platform knows no training shape ${shape}: check model.shape for spelling, and that the account may use it`,
    { status: 404 },
  );
}
