/** Sampling over HTTP: completions as one JSON answer or as server-sent events. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { readVocabulary } from '../catalog.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Models } from '../promotion/models.ts';
import { parse } from '../validate.ts';
import { Completion, Envelope, totals } from './completion.ts';
import { CompletionRequest, promptOf, samplingParams, stopsOf } from './completion-request.ts';
import type { Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { GenerateResult, SamplingParams } from './messages.ts';
import type { Replica } from './replica.ts';

export interface CompletionRoutesOptions {
  readonly account: string;
  readonly deployments: Deployments;
  readonly models: Models;
}

interface Answer {
  readonly params: SamplingParams;
  readonly completion: Completion;
}

interface Prepared {
  readonly deployment: Deployment;
  readonly prompt: readonly number[];
  readonly envelope: Envelope;
  readonly answers: readonly Answer[];
  readonly perfMetrics: boolean;
}

export function completionRoutes(app: FastifyInstance, options: CompletionRoutesOptions): void {
  const vocabulary = readVocabulary();

  app.post('/inference/v1/completions', async (request, reply) => {
    const body = parse(CompletionRequest, request.body);
    const prepared = prepare(body, options, vocabulary);
    const abort = new AbortController();
    reply.raw.on('close', () => abort.abort());
    await (body.stream === true ? streamed(prepared, reply, abort.signal) : plain(prepared, reply, abort.signal));
  });
}

/** `accounts/A/deployments/D`, or the general routing form `MODEL#accounts/A/deployments/D`. */
function findDeployment(model: string, { account, deployments }: CompletionRoutesOptions): Deployment {
  const name = model.split('#').at(-1) ?? model;
  const [, asked, id] = /^accounts\/([^/]+)\/deployments\/([^/]+)$/.exec(name) ?? [];
  if (asked !== account || id === undefined) throw notFound(`model "${model.slice(0, 200)}"`);
  const deployment = deployments.get(id);
  if (deployment.record.state === 'DELETED') throw notFound(`deployment "${id}"`);
  return deployment;
}

function prepare(body: CompletionRequest, options: CompletionRoutesOptions, vocabulary: readonly string[]): Prepared {
  const deployment = findDeployment(body.model, options);
  const baseModel = options.models.base(deployment.record.baseModel);
  if (baseModel === undefined) throw invalid("the deployment's base model is not offered any more");
  const prompt = promptOf(body, baseModel, vocabulary);
  const common = {
    prompt,
    vocabulary,
    stop: stopsOf(body),
    logprobs: body.logprobs !== undefined && body.logprobs !== null && body.logprobs !== false,
    rawOutput: body.raw_output === true,
  };
  return {
    deployment,
    prompt,
    envelope: new Envelope(`cmpl-${randomBytes(12).toString('hex')}`, body.model),
    answers: samplingParams(body, prompt.length).map((params, index) => ({
      params,
      completion: new Completion({ ...common, index }),
    })),
    perfMetrics: body.perf_metrics_in_response === true,
  };
}

async function plain(prepared: Prepared, reply: FastifyReply, signal: AbortSignal): Promise<void> {
  const { deployment, answers, envelope } = prepared;
  const results = await Promise.all(
    answers.map(async (answer) => {
      const result = await generated(prepared, deployment.pick(), answer, signal, () => undefined);
      return { result, choice: answer.completion.wholeChoice(result) };
    }),
  );
  const last = results.at(-1)?.result;
  const choices = results.map(({ choice }) => choice);
  await reply.send({ ...envelope.around(choices, last?.identity), ...(last && ending(prepared, last)) });
}

async function streamed(prepared: Prepared, reply: FastifyReply, signal: AbortSignal): Promise<void> {
  const { deployment, answers, envelope } = prepared;
  // Refusals still have their own status: from here on it is 200.
  const placed = answers.map((answer) => ({ answer, replica: deployment.pick() }));
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  // Whoever hung up is not written to: the response would raise an error that nobody handles.
  const write = (data: object): void => {
    if (!signal.aborted) reply.raw.write(`data: ${JSON.stringify(data)}\n\n`);
  };
  let unfinished = answers.length;
  try {
    await Promise.all(
      placed.map(async ({ answer, replica }) => {
        const { completion } = answer;
        const result = await generated(prepared, replica, answer, signal, (identity) =>
          write(envelope.around([completion.nextChoice()], identity)),
        );
        unfinished -= 1;
        const chunk = envelope.around([completion.lastChoice(result)], result.identity);
        write({ ...chunk, ...(unfinished === 0 && ending(prepared, result)) });
      }),
    );
    if (!signal.aborted) reply.raw.end('data: [DONE]\n\n');
  } catch (error) {
    const { message, code, status } = error as ApiError;
    reply.raw.end(`event: error\ndata: ${JSON.stringify({ error: { message, code, status } })}\n\n`);
  }
}

function ending({ prompt, answers, perfMetrics }: Prepared, result: GenerateResult): object {
  const sampled = answers.reduce((sum, { completion }) => sum + completion.sampled, 0);
  return totals(prompt.length, sampled, result, perfMetrics);
}

/** A replica that dies with a request in hand is the platform's failure, and worth another try. */
async function generated(
  { prompt }: Prepared,
  replica: Replica,
  { params, completion }: Answer,
  signal: AbortSignal,
  onNews: (identity: string | undefined) => void,
): Promise<GenerateResult> {
  try {
    return await replica.generate(
      prompt,
      params,
      (records, identity) => {
        completion.add(records);
        onNews(identity);
      },
      signal,
    );
  } catch (error) {
    throw new ApiError('UNAVAILABLE', `the replica failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
