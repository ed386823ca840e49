import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** Default: `pretty` in a terminal, `json` elsewhere. */
  readonly format?: string | undefined;
}

/** The server's logger: lines that read well in a terminal, and JSON that parses in production. */
export function createLogger({ level, format = process.stdout.isTTY ? 'pretty' : 'json' }: LogOptions): Logger {
  if (format === 'json') return pino({ level });
  return pino({ level }, pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true }));
}
