/** One process, one log: pino on standard error, and the SDK's own lines through it, errors with what is behind them. */
import { Runtime, type LogMetadata } from '@temporalio/worker';
import { destination, pino, stdSerializers, type Logger } from 'pino';

/** A line that cannot be written, on a full disk for instance, is dropped: the work goes on. */
export function openLogger(level: string, fd = 2): Logger {
  const output = destination({ dest: fd, sync: true });
  output.on('error', () => undefined);
  return pino({ level, base: { pid: process.pid } }, output);
}

/** `err` has a serializer of its own; whatever else holds an error would come out as `{}`. */
function describable(meta: LogMetadata = {}): object {
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      name,
      value instanceof Error ? stdSerializers.errWithCause(value) : value,
    ]),
  );
}

export function installLogger(logger: Logger): void {
  const line =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata): void =>
      logger[level](describable(meta), message);
  Runtime.install({
    logger: {
      log: (level, message, meta) => line(level.toLowerCase() as 'info')(message, meta),
      trace: line('trace'),
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    },
    shutdownSignals: [],
  });
}
