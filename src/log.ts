import { type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapeJson, escapeRecord, escapeText } from './log-escaping.ts';
import { openLogOutput } from './log-output.ts';
import { SecretRedactor } from './log-redaction.ts';
import { type ErrorDetails, toErrorDetails } from './wire/error-text.ts';
import { isRecord } from './wire/record.ts';

export type { Logger };

export interface LogOptions {
  /** Lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error` or `silent`. */
  readonly level: string;
  /** `pretty` or `json`. Default: `pretty` in a terminal, `json` elsewhere. */
  readonly format?: string | undefined;
  /** Texts that are removed from every line. Default: none but those in the form of credentials. */
  readonly secrets?: readonly string[];
  /** Receives each line. Default: standard output. */
  readonly destination?: { write(line: string): unknown };
}

/**
 * Creates the logger of the server, which writes to standard output: readable lines in a terminal, JSON lines elsewhere. Secrets are removed
 * from every line, and no text in a record can forge a line.
 */
export function createLogger(options: LogOptions): Logger {
  const { level, format = process.stdout.isTTY ? 'pretty' : 'json', secrets = [], destination } = options;
  const redactor = new SecretRedactor(secrets);
  const settings: LoggerOptions = {
    level,
    ...protection(redactor),
    hooks: { streamWrite: (line) => escapeJson(redactor.redact(line)) },
  };
  if (format === 'json') return pino(settings, destination ?? openLogOutput());
  return pino(settings, new PrettyLines(destination ?? process.stdout));
}

/**
 * Returns a logger of the caller's that logs errors without the requests and credentials that some of them carry.
 * @param secrets texts that are removed from errors
 */
export function protectLogger(logger: Logger, secrets: readonly string[]): Logger {
  return logger.child({}, protection(new SecretRedactor(secrets)));
}

function protection(redactor: SecretRedactor): Required<Pick<LoggerOptions, 'serializers'>> {
  return {
    serializers: {
      err: (error: unknown) => redactError(isDetails(error) ? error : toErrorDetails(error), redactor),
    },
  };
}

/** Removes secrets from the texts of an error. Errors of HTTP libraries quote addresses and headers. */
function redactError(error: ErrorDetails, redactor: SecretRedactor): ErrorDetails {
  const { type, message, stack, code, cause } = error;
  return {
    type: redactor.redact(type),
    message: redactor.redact(message),
    ...(stack === undefined ? {} : { stack: redactor.redact(stack) }),
    ...(code === undefined ? {} : { code: typeof code === 'string' ? redactor.redact(code) : code }),
    ...(cause === undefined ? {} : { cause: redactError(cause, redactor) }),
  };
}

/** Whether a value is plain data already, as a `GuardedLogger` passes it on. */
function isDetails(error: unknown): error is ErrorDetails {
  return (
    !(error instanceof Error) && isRecord(error) && typeof error.type === 'string' && typeof error.message === 'string'
  );
}

/** Prints records as lines that people read. Texts are escaped before: the record may contain text of a client, such as a user id or an address. */
class PrettyLines {
  readonly #destination: { write(line: string): unknown };
  readonly #print = prettyFactory({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true });

  constructor(destination: { write(line: string): unknown }) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#destination.write(this.#format(line));
  }

  #format(line: string): string {
    try {
      return this.#print(escapeRecord(JSON.parse(line)));
    } catch {
      return `${escapeText(line)}\n`;
    }
  }
}
