/** One replica of a deployment, seen from outside: its process, what it serves, what it is loading. */
import type { BaseModel } from '../catalog.ts';
import { Child } from '../child.ts';
import type {
  GenerateRequest,
  GenerateResult,
  LoadRequest,
  LoadResult,
  ReplicaRequest,
  SamplingParams,
  TokensEvent,
} from './messages.ts';

export interface ReplicaOptions {
  readonly baseModel: BaseModel;
  readonly seed: string;
  readonly startupMs: number;
  /** Loads to make, in order, before it serves anything: what the other replicas serve. */
  readonly catchUp: readonly LoadStep[];
  /** How long a load takes, at least. */
  readonly loadMs: number;
  /** SYNC: running generations finish before new weights come in, and new ones are turned away meanwhile. */
  readonly drainBeforeLoad: boolean;
  /** Called when readiness or snapshot changed. */
  readonly onChange: () => void;
  /** Called if the process ends by itself. */
  readonly onExit: (reason: string) => void;
}

type LoadStep = Omit<LoadRequest, 'op'>;
/** A load that is to go wrong. */
export interface LoadFault {
  readonly kind: 'stuck_load' | 'failed_load';
  /** How long it hangs; without it, until the next load is asked for. */
  readonly ms?: number | undefined;
}

type Stage = 'pending' | 'downloading' | 'idle' | 'error';

/** Hears of new tokens as they come, with the snapshot they came from. */
export type OnTokens = (tokens: TokensEvent['tokens'][number]['records'], identity: string | undefined) => void;

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #child: Child<ReplicaRequest, TokensEvent>;
  readonly #listeners = new Map<number, OnTokens>();
  readonly #idle = new Set<() => void>();
  #stopped = false;
  #booted = false;
  #loading = 0;
  #streams = 0;
  #queue: Promise<void>;
  #identity: string | undefined;
  #stage: Stage = 'pending';
  #target: string | undefined;
  #error: string | undefined;
  #adapter = false;
  /** Set while a load hangs: ends it, either by going on or by giving it up. */
  #release: ((goOn: boolean) => void) | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#child = new Child({
      script: new URL('./replica-process.js', import.meta.url),
      onEvent: (event) => this.#tokens(event),
      onExit: (reason) => {
        this.#booted = false;
        if (!this.#stopped) options.onExit(reason);
      },
    });
    this.#queue = this.#boot();
  }

  get booted(): boolean {
    return this.#booted;
  }

  /** Serves, and nothing is being loaded. */
  get ready(): boolean {
    return this.#booted && this.#loading === 0;
  }

  /** New generations may be sent here; in SYNC not while a load drains the replica. */
  get accepting(): boolean {
    return this.#booted && (this.#loading === 0 || !this.#options.drainBeforeLoad);
  }

  get identity(): string | undefined {
    return this.#identity;
  }

  /** Whether a load of anything but `identity` is queued or running. */
  isLoadingOther(identity: string): boolean {
    return this.#loading > 0 && this.#release === undefined && this.#target !== undefined && this.#target !== identity;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  status(): object {
    const identity = this.#identity;
    return {
      ...(identity !== undefined && { current_snapshot_identity: identity }),
      readiness: this.ready,
      loading_state: {
        stage: this.#stage,
        ...(this.#target !== undefined && { target_snapshot_identity: this.#target }),
        ...(this.#error !== undefined && { error: this.#error }),
      },
      ...(this.#adapter && identity !== undefined && { loaded_adapters: [{ identity, status: 'loaded' }] }),
      supports_rdma_weight_sync: false,
      rdma_weight_sync_enabled: false,
    };
  }

  /**
   * Queues a load; resolves to whether the replica then serves it. Asking twice for the same is harmless, and asking
   * again ends a load that hangs.
   */
  load(step: LoadStep, fault?: LoadFault): Promise<boolean> {
    this.#release?.(false);
    this.#loading += 1;
    this.#target = step.identity;
    this.#stage = 'pending';
    const loaded = this.#queue.then(() => this.#load(step, fault));
    this.#queue = loaded.then(() => undefined);
    return loaded;
  }

  async generate(
    prompt: readonly number[],
    params: SamplingParams,
    onTokens: OnTokens,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const stream = ++this.#streams;
    this.#listeners.set(stream, onTokens);
    const cancel = (): void => void this.#child.call({ op: 'cancel', stream }).catch(() => undefined);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const request: GenerateRequest = { op: 'generate', stream, prompt, params };
      return await this.#child.call<GenerateResult>(request);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#listeners.delete(stream);
      if (this.#listeners.size === 0) for (const resolve of this.#idle) resolve();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#child.kill();
  }

  async #boot(): Promise<void> {
    const { baseModel, seed, startupMs, catchUp, onChange } = this.#options;
    const { name, config, weightsFile: file } = baseModel;
    const weights = file === undefined ? { seed } : { file };
    try {
      await this.#child.call({ op: 'boot', baseModel: name, config, weights });
      await pause(startupMs);
    } catch {
      // The exit is reported by onExit, and the deployment starts another replica.
      return;
    }
    for (const step of catchUp) if (!(await this.#apply(step))) break;
    if (this.#stage !== 'error') this.#stage = 'idle';
    this.#booted = this.#child.alive;
    onChange();
  }

  async #load(step: LoadStep, fault: LoadFault | undefined): Promise<boolean> {
    const loaded = this.#identity === step.identity || (await this.#apply(step, fault));
    if (loaded && this.#target === step.identity) {
      this.#target = undefined;
      this.#error = undefined;
      this.#stage = 'idle';
    }
    this.#loading -= 1;
    this.#options.onChange();
    return loaded;
  }

  async #apply(step: LoadStep, fault?: LoadFault): Promise<boolean> {
    try {
      this.#error = undefined;
      this.#stage = 'downloading';
      await pause(this.#options.loadMs);
      if (fault?.kind === 'failed_load') throw new Error('the download was interrupted (a fault of the plan)');
      if (fault?.kind === 'stuck_load' && !(await this.#hang(fault.ms))) return false;
      if (this.#options.drainBeforeLoad) await this.#drained();
      const { adapter } = await this.#child.call<LoadResult>({ op: 'load', ...step });
      this.#adapter = adapter;
      this.#identity = step.identity;
      return true;
    } catch (error) {
      this.#stage = 'error';
      this.#target = step.identity;
      this.#error = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  /** Resolves to false if the load is given up for another one. */
  async #hang(milliseconds: number | undefined): Promise<boolean> {
    const goOn = await new Promise<boolean>((resolve) => {
      this.#release = resolve;
      if (milliseconds !== undefined) setTimeout(() => resolve(true), milliseconds);
    });
    this.#release = undefined;
    return goOn;
  }

  async #drained(): Promise<void> {
    if (this.#listeners.size === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#idle.delete(done);
        resolve();
      };
      this.#idle.add(done);
    });
  }

  #tokens({ tokens, identity }: TokensEvent): void {
    for (const { stream, records } of tokens) this.#listeners.get(stream)?.(records, identity);
  }
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
