/** Training shapes: the hardware and base model that a trainer is made of, resolved to an exact version. */
import { z } from 'zod';
import type { ResolvedShape } from '../../../domain/words/plan.ts';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { controlCall, Int, unlessStatus } from './control-call.ts';
import { pages } from './pages.ts';
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
const ShapeVersions = z.object({
  trainingShapeVersions: z.array(ShapeVersion),
  nextPageToken: z.string().default(''),
});

/** What a shape must be made for; all that is given must hold. */
export interface ShapeQuery {
  readonly baseModel?: string;
  readonly mode?: 'POLICY_TRAINER' | 'LORA_TRAINER' | 'FORWARD_ONLY';
  /** Longest sequence that must fit. */
  readonly contextTokens?: number;
}

/** Validated public shapes, the smallest context that fits first. */
export async function findShapes(wire: Wire, query: ShapeQuery, signal: AbortSignal): Promise<ResolvedShape[]> {
  const { baseModel, mode, contextTokens = 0 } = query;
  const terms = [
    ...(baseModel === undefined ? [] : [`snapshot.base_model="${quoted(baseModel)}"`]),
    ...(mode === undefined ? [] : [`snapshot.trainer_mode="${mode}"`]),
    'latest_validated=true',
    'public=true',
  ];
  const found: ResolvedShape[] = [];
  const parameters = { filter: terms.join(' AND '), orderBy: 'create_time desc' };
  const path = 'accounts/-/trainingShapes/-/versions';
  for await (const page of pages(wire, path, parameters, ShapeVersions, signal)) {
    found.push(...page.trainingShapeVersions.map(resolved));
  }
  return found
    .filter(({ maxContextTokens }) => maxContextTokens >= contextTokens)
    .sort((a, b) => a.maxContextTokens - b.maxContextTokens);
}

/** A name cannot end the expression that it stands in. */
function quoted(name: string): string {
  if (/^[\w./-]+$/.test(name)) return name;
  throw new BackendError('InvalidRequest', `"${name}" is not the name of a base model`);
}

function resolved({ name, snapshot }: z.output<typeof ShapeVersion>): ResolvedShape {
  return {
    reference: name,
    baseModel: snapshot.baseModel,
    maxContextTokens: snapshot.maxSupportedContextLength,
    acceleratorType: snapshot.acceleratorType,
    acceleratorCount: snapshot.acceleratorCount,
    deploymentShape: snapshot.deploymentShapeVersion,
  };
}

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
  return resolved(version);
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
