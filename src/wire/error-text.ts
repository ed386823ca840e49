/** Maximum length of a description, in characters. A longer one is cut. */
const MAX_TEXT = 2_000;
/** Maximum length of a stack in the log, in characters. */
const MAX_STACK = 8_000;
/** Maximum number of errors in a chain of causes that the log shows. */
const MAX_CAUSES = 3;
/** Digits that a bigint in a description may have. A longer one would take long to format. */
const MAX_BIGINT = 10n ** 40n;
/** Descriptions that a value has by default and that say nothing about it. */
const MEANINGLESS = /^\[object \w+\]$/;

/** An error as the log shows it: plain data, in the shape of pino's own serializer. */
export interface ErrorDetails {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: ErrorDetails;
}

/**
 * Describes a thrown value of any shape: null, an object without a prototype, an error whose properties throw. Never throws.
 * @returns the message of an error, at most 2,000 characters; never empty
 */
export function describeError(error: unknown): string {
  const text = attempt(() => readText(error));
  return text ? cutText(text, MAX_TEXT) : `unknown error (${describeKind(error)})`;
}

/** Converts a thrown value of any shape to plain data for the log. Never throws. */
export function toErrorDetails(error: unknown): ErrorDetails {
  return describeChain(error, MAX_CAUSES);
}

function describeChain(error: unknown, causes: number): ErrorDetails {
  const type = attempt(() => readName(error)) ?? describeKind(error);
  const stack = attempt(() => readStack(error));
  const code = attempt(() => readCode(error));
  const cause = causes > 1 ? attempt(() => readField(error, 'cause')) : undefined;
  return {
    type,
    message: describeError(error),
    ...(stack === undefined ? {} : { stack }),
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined || cause === null ? {} : { cause: describeChain(cause, causes - 1) }),
  };
}

function readText(error: unknown): string {
  switch (typeof error) {
    case 'string':
      return error;
    case 'bigint':
      return error < MAX_BIGINT && error > -MAX_BIGINT ? String(error) : '';
    case 'number':
    case 'boolean':
    case 'symbol':
      return String(error);
    case 'object':
    case 'function':
      return error === null ? '' : readObjectText(error);
    default:
      return '';
  }
}

/** Reads the message, else the name, else what `toString` returns. */
function readObjectText(error: object): string {
  const message = attempt(() => readField(error, 'message'));
  if (typeof message === 'string' && message !== '') return message;
  // The text of a list is that of all its elements, which may take seconds.
  if (typeof error === 'function' || Array.isArray(error) || ArrayBuffer.isView(error)) return '';
  const text = String(error);
  return MEANINGLESS.test(text.slice(0, MAX_TEXT)) ? '' : text;
}

function readName(error: unknown): string | undefined {
  const name = readField(error, 'name');
  return typeof name === 'string' && name !== '' ? cutText(name, 100) : undefined;
}

function readStack(error: unknown): string | undefined {
  const stack = readField(error, 'stack');
  return typeof stack === 'string' ? cutText(stack, MAX_STACK) : undefined;
}

function readCode(error: unknown): string | number | undefined {
  const code = readField(error, 'code');
  if (typeof code === 'number') return code;
  return typeof code === 'string' ? cutText(code, 100) : undefined;
}

function readField(error: unknown, field: string): unknown {
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return undefined;
  return (error as Record<string, unknown>)[field];
}

function describeKind(error: unknown): string {
  if (error === null) return 'null';
  return error === '' ? 'empty text' : typeof error;
}

/** Cuts a text without leaving half of a surrogate pair at its end. */
function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const cut = text.slice(0, maxLength - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** @returns `undefined` if the operation throws */
function attempt<T>(operation: () => T): T | undefined {
  try {
    return operation();
  } catch {
    return undefined;
  }
}
