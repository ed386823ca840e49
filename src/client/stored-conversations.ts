import { isId } from '../wire/identifiers.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import type { ConversationsOptions } from './client-options.ts';
import {
  ConversationError,
  type ConversationPage,
  type ConversationSummary,
  type Conversations,
  type CreateOptions,
  type ExportFormat,
  type ListOptions,
  type RequestOptions,
  type StoredConversation,
} from './conversations-interface.ts';
import { describeValue } from './describe-value.ts';
import { describeForeignAnswer, describeNetworkError, readRefusal } from './event-request.ts';
import { isErrorBody } from './rejection.ts';
import { parseJson, readText } from './response-text.ts';

/** Maximum wait for the beginning of an answer, in ms. The server gives up after 10 s without its store. */
const ANSWER_MS = 30_000;
/** Maximum length of a page or a row, in bytes. A page of 100 rows has at most 60 KiB. */
const MAX_BYTES = 1024 * 1024;
/** Maximum length of a whole conversation that `get` reads, in bytes. */
const MAX_CONVERSATION_BYTES = 256 * 1024 * 1024;
const FORMATS: readonly ExportFormat[] = ['json', 'text', 'wav'];

/**
 * The stored conversations of a user. Its options are not checked: `createConversations` checks them, and the page, whose types do, needs no code for
 * that.
 */
export class StoredConversations implements Conversations {
  readonly #fetch: typeof fetch;
  readonly #headers: Readonly<Record<string, string>>;
  /** Address of the conversations of the user. */
  readonly #address: string;

  constructor(options: ConversationsOptions) {
    const { url, userId, headers = {} } = options;
    // A browser's fetch refuses to run as a method of another object.
    const plainFetch: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#fetch = createAuthorizedFetch(plainFetch, options);
    this.#headers = headers;
    this.#address = `${url === '' ? '' : `${url.replace(/\/+$/, '')}/`}sessions/${encodeURIComponent(userId)}`;
  }

  async *list({ limit, cursor, signal }: ListOptions = {}): AsyncGenerator<ConversationPage, void, undefined> {
    let next = cursor;
    do {
      const query = [
        ...(limit === undefined ? [] : [`limit=${encodeURIComponent(limit)}`]),
        ...(next === undefined ? [] : [`cursor=${encodeURIComponent(next)}`]),
      ];
      const address = query.length === 0 ? this.#address : `${this.#address}?${query.join('&')}`;
      const page = toPage(await this.#request(address, {}, signal));
      yield page;
      next = page.next;
    } while (next !== undefined);
  }

  async get(id: string, { signal }: RequestOptions = {}): Promise<StoredConversation> {
    const body = await this.#request(this.#locate('get', id), {}, signal, MAX_CONVERSATION_BYTES);
    return body as StoredConversation; // the server's JSON, as docs/protocol.md has it
  }

  async create({ sessionId, state, signal }: CreateOptions = {}): Promise<StoredConversation> {
    const body = {
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
      ...(state === undefined ? {} : { state }),
    };
    return (await this.#request(this.#address, createPost(body), signal)) as StoredConversation; // as above
  }

  async rename(id: string, title: string, { signal }: RequestOptions = {}): Promise<ConversationSummary> {
    if (typeof title !== 'string')
      throw new TypeError(`rename: the title must be a text; given: ${describeValue(title)}`);
    const post = createPost({ title }, 'PATCH');
    return (await this.#request(this.#locate('rename', id), post, signal)) as ConversationSummary; // as above
  }

  async delete(id: string, { signal }: RequestOptions = {}): Promise<boolean> {
    try {
      await this.#request(this.#locate('delete', id), createPost(undefined, 'DELETE'), signal);
      return true;
    } catch (error) {
      if (error instanceof ConversationError && error.refusal.code === 'session_not_found') return false;
      throw error;
    }
  }

  async exportAs(id: string, format: ExportFormat, { signal }: RequestOptions = {}): Promise<Response> {
    if (!FORMATS.includes(format)) {
      throw new TypeError(`exportAs: the format must be one of ${FORMATS.join(', ')}; given: ${describeValue(format)}`);
    }
    const address = this.#locate('exportAs', id);
    // The signal of the caller ends the reading of the body, too.
    return (await this.#send(format === 'json' ? address : `${address}?format=${format}`, {}, signal)).response;
  }

  #locate(method: string, id: string): string {
    if (typeof id === 'string' && isId(id)) return `${this.#address}/${encodeURIComponent(id)}`;
    throw new TypeError(`${method}: the id of a conversation is not valid; given: ${describeValue(id)}`);
  }

  /** Sends a request, and reads its answer. @returns the parsed JSON, which is an object */
  async #request(address: string, init: RequestInit, signal?: AbortSignal, maxBytes = MAX_BYTES): Promise<object> {
    const { response, release } = await this.#send(address, init, signal);
    try {
      const body = parseJson(await readText(response, maxBytes));
      if (typeof body === 'object' && body !== null) return body;
      const error = describeForeignAnswer(response, 'that of the server');
      throw new ConversationError({ error, status: response.status });
    } catch (error) {
      throw toFailure(error, signal);
    } finally {
      release();
    }
  }

  /**
   * Sends a request.
   * @returns the response, if its status is one of success, and a function that detaches it from the caller's signal, once its body is read
   */
  async #send(
    address: string,
    init: RequestInit,
    signal?: AbortSignal,
  ): Promise<{ readonly response: Response; release(): void }> {
    const limited = new AbortController();
    const abort = () => limited.abort(signal?.reason);
    const release = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    const timer = setTimeout(() => limited.abort(new Error(`nothing within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    const headers = { ...this.#headers, ...(init.headers as Record<string, string>) }; // `createPost` makes no others
    try {
      const request = { cache: 'no-store', ...init, headers, signal: limited.signal } as const;
      const response = await this.#fetch(address, request);
      if (!response.ok) throw await toRefusal(response);
      return { response, release };
    } catch (error) {
      release();
      throw toFailure(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Creates a POST with a body in JSON.
 * @param method that the server is to take it for
 */
function createPost(body: object | undefined, method?: 'PATCH' | 'DELETE'): RequestInit {
  return {
    method: 'POST',
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === undefined ? {} : { 'X-HTTP-Method-Override': method }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function toPage(body: object): ConversationPage {
  type Body = Omit<ConversationPage, 'conversations'> & { readonly sessions?: readonly ConversationSummary[] };
  const { sessions = [], next, volatile } = body as Body; // the server's JSON, as docs/protocol.md has it
  return { conversations: sessions, ...(volatile ? { volatile } : {}), ...(next === undefined ? {} : { next }) };
}

async function toRefusal(response: Response): Promise<ConversationError> {
  const { status, statusText } = response;
  const outcome = await readRefusal(response);
  const [body, retryAfterMs] = outcome.kind === 'refused' ? [outcome.body, outcome.retryAfterMs] : [undefined, 0];
  if (!isErrorBody(body))
    return new ConversationError({ error: `The server answered ${status} ${statusText}`.trim(), status });
  const { error, hint, code } = body;
  return new ConversationError({ error, ...(hint === undefined ? {} : { hint }), code, status }, retryAfterMs);
}

/** @returns the reason of the caller's signal, if that has ended the request */
function toFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof ConversationError ? error : new ConversationError({ error: describeNetworkError(error) });
}
