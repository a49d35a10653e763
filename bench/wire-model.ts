/** A model behind the sandbox's HTTP interface, as small as a client can be. */
import { request } from 'undici';
import type { Sequence } from '../sandbox/model/sequence.ts';

const JOB = '/v1/accounts/sandbox/rlorTrainerJobs/bench';
const TRAINER = '/training/v1/rlorTrainerJobs/sandbox/bench/api/v1';
const ADAM = { learning_rate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-8, weight_decay: 0.01, grad_clip_norm: 0 };

interface Reply {
  readonly [key: string]: unknown;
}

export class WireModel {
  readonly #url: string;
  #session: unknown;
  #model: unknown;
  #seq = 0;

  private constructor(url: string) {
    this.#url = url;
  }

  static async create(url: string, baseModel: string): Promise<WireModel> {
    const wire = new WireModel(url);
    const body = { trainingConfig: { baseModel, loraRank: 0 } };
    await wire.#call('POST', '/v1/accounts/sandbox/rlorTrainerJobs?rlorTrainerJobId=bench', body);
    while ((await wire.job())['state'] !== 'JOB_STATE_RUNNING') await new Promise((resolve) => setTimeout(resolve, 50));
    wire.#session = (await wire.#call('POST', `${TRAINER}/create_session`, {}))['session_id'];
    const created = { session_id: wire.#session, model_seq_id: 0, base_model: baseModel };
    wire.#model = (await wire.#result(await wire.#call('POST', `${TRAINER}/create_model`, created)))['model_id'];
    return wire;
  }

  /** Submits both requests of a step before it waits for either. */
  async step(rows: readonly Sequence[]): Promise<void> {
    const input = { data: rows.map(datumOf), loss_fn: 'cross_entropy' };
    const scored = await this.#submit('forward_backward', { forward_backward_input: input });
    const stepped = await this.#submit('optim_step', { adam_params: ADAM });
    await Promise.all([this.#result(scored), this.#result(stepped)]);
  }

  job(): Promise<Reply> {
    return this.#call('GET', JOB);
  }

  heartbeat(): Promise<Reply> {
    return this.#call('POST', `${TRAINER}/session_heartbeat`, { session_id: this.#session });
  }

  #submit(name: string, body: object): Promise<Reply> {
    return this.#call('POST', `${TRAINER}/${name}`, { model_id: this.#model, seq_id: ++this.#seq, ...body });
  }

  async #result({ request_id: id }: Reply): Promise<Reply> {
    for (;;) {
      const result = await this.#call('POST', `${TRAINER}/retrieve_future`, { request_id: id });
      if (result['error'] !== undefined) throw new Error(JSON.stringify(result));
      if (result['type'] !== 'try_again') return result;
    }
  }

  async #call(method: 'GET' | 'POST', path: string, body?: object): Promise<Reply> {
    const response = await request(`${this.#url}${path}`, {
      method,
      headers: { 'x-api-key': 'bench', ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const reply = (await response.body.json()) as Reply;
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`);
    return reply;
  }
}

function datumOf({ tokens, targets, weights }: Sequence): object {
  const shape = [targets.length];
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens: [...tokens] }] },
    loss_fn_inputs: {
      target_tokens: { data: [...targets], dtype: 'int64', shape },
      weights: { data: [...weights], dtype: 'float32', shape },
    },
  };
}
