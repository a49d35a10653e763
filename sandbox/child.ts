/** A child process that answers calls: one per trainer and one per replica, so that each can die alone. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ErrorReply {
  readonly message: string;
  /** Whose fault it is; `user` means that the same request will fail again. */
  readonly category: 'user' | 'server';
}

/** A failure that a caller is told about as it stands. */
export class CallError extends Error {
  readonly category: 'user' | 'server';

  constructor(reply: ErrorReply) {
    super(reply.message);
    this.name = 'CallError';
    this.category = reply.category;
  }
}

interface Call {
  readonly call: number;
  readonly request: unknown;
}
type Reply =
  { readonly call: number; readonly result: unknown } | { readonly call: number; readonly error: ErrorReply };
type FromChild<Event> = Reply | { readonly event: Event };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ChildOptions<Event> {
  readonly script: URL;
  readonly onEvent?: (event: Event) => void;
  /** Called once, whatever ended the process. */
  readonly onExit: (reason: string) => void;
}

/** The parent's end: starts the process, calls it, hears of its events and of its end. */
export class Child<Request, Event = never> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #gone: string | undefined;

  constructor(options: ChildOptions<Event>) {
    // Typed arrays travel as they are, and the child cannot use up the parent's stdout, which carries one JSON line.
    this.#process = fork(fileURLToPath(options.script), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {},
      execArgv: [],
    });
    this.#process.on('message', (message) => this.#receive(message as FromChild<Event>, options));
    this.#process.on('error', (error) => this.#end(error.message, options));
    this.#process.on('exit', (code, signal) => this.#end(signal === null ? `exit code ${code}` : signal, options));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  call<Result>(request: Request): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(new CallError({ message: `the process has ended (${this.#gone})`, category: 'server' }));
        return;
      }
      const call = ++this.#calls;
      this.#waiting.set(call, { resolve: (result) => resolve(result as Result), reject });
      // A send that fails is followed by the exit event, which rejects everything still waiting.
      this.#process.send({ call, request } satisfies Call, () => undefined);
    });
  }

  /** Resolves once the process is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => {
      this.#process.once('exit', () => resolve());
    });
    this.#process.kill('SIGKILL');
    await exited;
  }

  #receive(message: FromChild<Event>, options: ChildOptions<Event>): void {
    if ('event' in message) {
      options.onEvent?.(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if ('error' in message) waiting?.reject(new CallError(message.error));
    else waiting?.resolve(message.result);
  }

  #end(reason: string, options: ChildOptions<Event>): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    for (const { reject } of this.#waiting.values()) {
      reject(new CallError({ message: `the process has ended (${reason})`, category: 'server' }));
    }
    this.#waiting.clear();
    options.onExit(reason);
  }
}

/** The child's end: answers calls until the parent goes away. Calls may overlap if `handle` is asynchronous. */
export function serveParent(handle: (request: unknown) => unknown): void {
  process.on('disconnect', () => process.exit(0));
  // A terminal's Ctrl-C reaches the whole group; the parent decides when its children end.
  process.on('SIGINT', () => undefined);
  process.on('message', (message) => {
    const { call, request } = message as Call;
    void answer(call, () => handle(request));
  });
}

/** Tells the parent something that it did not ask for. */
export function tellParent(event: unknown): void {
  send({ event });
}

function send(message: object): void {
  // A parent that has just gone is not an error here: 'disconnect' follows.
  process.send?.(message, undefined, undefined, () => undefined);
}

async function answer(call: number, run: () => unknown): Promise<void> {
  try {
    const result = await run();
    send({ call, result });
  } catch (error) {
    send({ call, error: replyOf(error) });
  }
}

function replyOf(error: unknown): ErrorReply {
  if (error instanceof CallError) return { message: error.message, category: error.category };
  return { message: error instanceof Error ? error.message : String(error), category: 'server' };
}
