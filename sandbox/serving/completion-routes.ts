/** Sampling over HTTP: a completion as one JSON answer or as server-sent events. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { findBaseModel, readVocabulary } from '../catalog.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import { parse } from '../validate.ts';
import { Completion } from './completion.ts';
import type { Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { OnTokens } from './replica.ts';
import type { GenerateResult, SamplingParams } from './messages.ts';

const UNKNOWN_TOKEN = '<unk>';

const CompletionRequest = z.object({
  model: z.string().min(1),
  prompt: z.union([z.array(z.int().min(0)).min(1), z.string().min(1)]),
  n: z.literal(1, 'only n = 1 is supported: send one request per sample').nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  logprobs: z.union([z.boolean(), z.int().min(0).max(20)]).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  raw_output: z.boolean().nullish(),
  perf_metrics_in_response: z.boolean().nullish(),
  ignore_eos: z.boolean().nullish(),
});
type CompletionRequest = z.output<typeof CompletionRequest>;

interface Prepared {
  readonly deployment: Deployment;
  readonly prompt: readonly number[];
  readonly params: SamplingParams;
  readonly completion: Completion;
}

export function completionRoutes(app: FastifyInstance, account: string, deployments: Deployments): void {
  const vocabulary = readVocabulary();

  app.post('/inference/v1/completions', async (request, reply) => {
    const body = parse(CompletionRequest, request.body);
    const prepared = prepare(body, findDeployment(body.model, account, deployments), vocabulary);
    const abort = new AbortController();
    reply.raw.on('close', () => abort.abort());
    await (body.stream === true ? streamed(prepared, reply, abort.signal) : plain(prepared, reply, abort.signal));
  });
}

/** `accounts/A/deployments/D`, or the general routing form `MODEL#accounts/A/deployments/D`. */
function findDeployment(model: string, account: string, deployments: Deployments): Deployment {
  const name = model.split('#').at(-1) ?? model;
  const [, asked, id] = /^accounts\/([^/]+)\/deployments\/([^/]+)$/.exec(name) ?? [];
  if (asked !== account || id === undefined) throw notFound(`model "${model.slice(0, 200)}"`);
  const deployment = deployments.get(id);
  if (deployment.record.state === 'DELETED') throw notFound(`deployment "${id}"`);
  return deployment;
}

function prepare(body: CompletionRequest, deployment: Deployment, vocabulary: readonly string[]): Prepared {
  const prompt = typeof body.prompt === 'string' ? encode(body.prompt, vocabulary) : body.prompt;
  const config = findBaseModel(deployment.record.baseModel)?.config;
  if (config === undefined) throw invalid("the deployment's base model is not offered any more");
  const foreign = prompt.find((token) => token >= config.vocab);
  if (foreign !== undefined) throw invalid(`token id ${foreign} is not in the vocabulary of ${config.vocab}`);
  if (prompt.length >= config.context) {
    throw invalid(`the prompt of ${prompt.length} tokens does not fit the context of ${config.context}`);
  }
  const stop = body.stop === undefined || body.stop === null ? [] : [body.stop].flat();
  const completion = new Completion({
    id: `cmpl-${randomBytes(12).toString('hex')}`,
    model: body.model,
    prompt,
    vocabulary,
    stop,
    logprobs: body.logprobs !== undefined && body.logprobs !== null && body.logprobs !== false,
    rawOutput: body.raw_output === true,
    perfMetrics: body.perf_metrics_in_response === true,
  });
  return { deployment, prompt, params: samplingParams(body, stop), completion };
}

function samplingParams(body: CompletionRequest, stop: readonly string[]): SamplingParams {
  return {
    maxTokens: body.max_tokens ?? 16,
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: body.top_k ?? 0,
    seed: body.seed === undefined || body.seed === null ? randomBytes(16).toString('hex') : `seed ${body.seed}`,
    stop,
    topLogprobs: body.top_logprobs ?? (typeof body.logprobs === 'number' ? body.logprobs : 0),
    ignoreEos: body.ignore_eos === true,
    echo: body.echo === true,
  };
}

function encode(text: string, vocabulary: readonly string[]): number[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw invalid('the prompt is empty');
  return words.map((word) => Math.max(vocabulary.indexOf(word), 0) || vocabulary.indexOf(UNKNOWN_TOKEN));
}

async function plain(
  { deployment, prompt, params, completion }: Prepared,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<void> {
  const content: object[] = [];
  const collect: OnTokens = (records) => {
    content.push(...completion.add(records).content);
  };
  const result = await lost(deployment.pick().generate(prompt, params, collect, signal));
  await reply.send(completion.whole(content, result));
}

async function streamed(
  { deployment, prompt, params, completion }: Prepared,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<void> {
  // Refusals still have their own status: from here on it is 200.
  const replica = deployment.pick();
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  // Whoever hung up is not written to: the response would raise an error that nobody handles.
  const write = (data: object): void => {
    if (!signal.aborted) reply.raw.write(`data: ${JSON.stringify(data)}\n\n`);
  };
  try {
    const result = await lost(
      replica.generate(
        prompt,
        params,
        (records, identity) => write(completion.chunk(completion.add(records), identity)),
        signal,
      ),
    );
    write(completion.lastChunk(result));
    if (!signal.aborted) reply.raw.end('data: [DONE]\n\n');
  } catch (error) {
    const { message, code, status } = error as ApiError;
    reply.raw.end(`event: error\ndata: ${JSON.stringify({ error: { message, code, status } })}\n\n`);
  }
}

/** A replica that dies with a request in hand is the platform's failure, and worth another try. */
async function lost(result: Promise<GenerateResult>): Promise<GenerateResult> {
  try {
    return await result;
  } catch (error) {
    throw new ApiError('UNAVAILABLE', `the replica failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
