import type { ErrorCode } from '../wire/error-catalogue.ts';
import { describeError } from '../wire/error-text.ts';
import type { ErrorBody } from '../wire/wire-error.ts';
import type { Outcome, RefusedOutcome } from './event-request.ts';
import type { Retry } from './events.ts';
import type { Refusal } from './send-result.ts';

/** Statuses below 500 that ask for another attempt: Request Timeout, Too Early, Too Many Requests. */
const TRANSIENT = [408, 425, 429];
/** Number of refusals by a proxy that are final before the first connection. After three, the ladder has tried a poll instead of the stream. */
const MAX_BLOCKED = 4;
/** Advice for statuses of a proxy. */
const HINTS: Readonly<Record<number, string>> = {
  401: 'something asks for credentials: pass them as the option token or headers',
  403: 'a proxy or firewall forbids the request: ask its operator for access, or check the option headers',
  404: 'check the option url: no bidi-sse server answers there',
  407: 'a proxy asks for credentials: configure the proxy of this program',
};

/** Whether a parsed answer is an error of the server's catalogue. */
export function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'error' in body;
}

/** Whether the server itself has refused a connection, and not something on the way to the server. */
export function isServerRefusal(
  outcome: Outcome | undefined,
): outcome is RefusedOutcome & { readonly body: ErrorBody } {
  return outcome?.kind === 'refused' && isErrorBody(outcome.body);
}

/**
 * Decides which refusals of a connection are final. The server's own refusal is final if its error says `retry: false`. A refusal by anything
 * else, as a proxy, is final only for a client that has never connected: its address may be wrong, or credentials may be missing. During a
 * conversation such a refusal passes.
 */
export class RejectionPolicy {
  #hasConnected = false;
  #serverFound = false;
  /** Refusals in a row by something other than the server. */
  #blocked = 0;

  /**
   * Whether a poll may ask why a WebSocket did not open. Once a poll was answered, the network is the cause. Further polls before the first
   * connection would keep a live session open that nobody listens to.
   */
  get mayExplain(): boolean {
    return this.#hasConnected || !this.#serverFound;
  }

  onConnected(): void {
    this.#hasConnected = true;
  }

  /** Notes that a poll was answered: the address and the settings are right. */
  onServerFound(): void {
    this.#serverFound = true;
  }

  /** @returns the refusal, if it is final */
  judge(outcome: Outcome): Refusal | undefined {
    const isFinal = outcome.kind === 'refused' && isFinalStatus(outcome.status);
    if (isFinal && isServerRefusal(outcome)) return outcome.body.retry ? undefined : explainRefusal(outcome);
    this.#blocked = isFinal ? this.#blocked + 1 : 0;
    const isNew = !this.#hasConnected && !this.#serverFound;
    return isFinal && isNew && this.#blocked >= MAX_BLOCKED ? explainRefusal(outcome) : undefined;
  }
}

/** Statuses of refusals that concern the credentials, and so all requests of the client. */
const CREDENTIAL_REFUSALS: Partial<Record<ErrorCode, number>> = { unauthorized: 401, user_not_allowed: 403 };

/** Finds out whether the refusal of a POST is one of the client: each further request would get the same. */
export function toRejection({ code, error, hint }: ErrorBody): Refusal | undefined {
  const status = CREDENTIAL_REFUSALS[code];
  return status === undefined ? undefined : { error, ...(hint === undefined ? {} : { hint }), code, status };
}

/** Describes a refusal for the event `retry`; empty for any other outcome. */
export function describeRefusal(outcome: Outcome): Pick<Retry, 'status' | 'statusText' | 'failure' | 'cause'> {
  if (outcome.kind === 'failed') return { cause: outcome.cause };
  if (outcome.kind !== 'refused') return {};
  const { status, statusText, body } = outcome;
  return { status, statusText, ...(isErrorBody(body) ? { failure: body } : {}) };
}

/** Explains an error of the client itself. Such an error ends the client, so that nobody waits for an answer that never comes. */
export function explainFault(error: unknown): Refusal {
  return { error: `The client has failed: ${describeError(error)}` };
}

/** Explains a refusal to the user of the client. */
function explainRefusal({ status, statusText, body }: RefusedOutcome): Refusal {
  if (isErrorBody(body)) {
    const { error, hint, code } = body;
    return { error, ...(hint === undefined ? {} : { hint }), code, status };
  }
  const hint = HINTS[status] ?? 'check the options url and headers';
  return { error: `The server answered ${status} ${statusText}`.trim(), hint, status };
}

function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && !TRANSIENT.includes(status);
}
