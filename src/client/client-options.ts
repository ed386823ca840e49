import type { TokenSource } from './access-token.ts';
import type { CredentialsMode } from './authorized-fetch.ts';
import type { Transport } from './ladder.ts';
import type { TransportStorage } from './remembered-transport.ts';
import type { SocketConstructor } from './socket-transport.ts';

/** Speech of the agent, as a client requests it. */
export interface Speech {
  /** Name of the agent's voice. The server refuses a name that the model does not know. Default: the agent's own. */
  readonly voice?: string;
  /** Language of the agent's speech, as a BCP-47 tag, for models that accept one. Default: the agent's own. */
  readonly language?: string;
}

/** Options of `createClient`. */
export interface ClientOptions extends Speech {
  /** Address of the server, as `https://example.org`, or an empty text on the server's own page. */
  readonly url: string;
  /** Id of the user: 1 to 128 characters of `A-Z a-z 0-9 . _ @ -`, the first a letter or a digit. */
  readonly userId: string;
  /** Id of the session, by the same rule. Default: `default`. */
  readonly sessionId?: string;
  /**
   * `true`: the agent answers in audio. `false`: the agent answers in text, and this client receives no audio: only the transcript of a model that
   * can only speak. Default: the agent answers as it does now.
   */
  readonly isAudio?: boolean;
  /**
   * Whether this client receives the agent's speech. `false`: it receives the transcript only, and the other clients are not affected. Default: false
   * if `isAudio` is false, else true.
   */
  readonly receivesAudio?: boolean;
  /** Whether the agent may stay silent when it is not addressed. Default: the agent's own setting. */
  readonly proactivity?: boolean;
  /** Whether the agent adapts to the emotion in a voice. Default: the agent's own setting. */
  readonly affectiveDialog?: boolean;
  /** Name of the agent. The server refuses the client if its agent has another name. Default: any agent. */
  readonly agent?: string;
  /** Whether the conversation so far is delivered as `reset`, before any other event. Default: false. */
  readonly history?: boolean;
  /** Way down. Default: `auto`, which uses the best one that the network lets through. */
  readonly transport?: Transport;
  /**
   * Bearer token of the user, or a function that obtains one. HTTP requests carry the token in the header `Authorization`. A WebSocket, which
   * cannot send headers, carries a short-lived ticket that the client requests for each connection. If the server answers 401, the function
   * is called again and the request is repeated once; a second 401, or one to a token that is no function, ends the client with the state
   * `failed`. If the function fails, the client retries. The token is kept in memory only, and never appears in an event or an error.
   */
  readonly token?: TokenSource;
  /** Cookies of requests, as the option of the same name of `fetch`: `include` also sends cookies to another origin. Default: `same-origin`. */
  readonly credentials?: CredentialsMode;
  /** Headers of every request, as those that a proxy needs. A WebSocket cannot send headers: with any, `auto` uses none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Number of POSTs in flight, 1 to 4. Default: 4 over HTTP/2, else 1. */
  readonly parallelPosts?: number;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
  /** Default: the platform's WebSocket, if it has one. */
  readonly WebSocket?: SocketConstructor;
  /** Source of random numbers, from 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Storage in which the client remembers which transport a network needs, as `localStorage`. Default: none. */
  readonly storage?: TransportStorage;
}

/** Options of `createConversations`: those of the same names of `createClient`. */
export type ConversationsOptions = Pick<
  ClientOptions,
  'url' | 'userId' | 'token' | 'credentials' | 'headers' | 'fetch'
>;
