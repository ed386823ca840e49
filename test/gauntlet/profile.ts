import type { Agent } from 'node:http';
import type { ClientOptions, Rung } from '../../src/client/index.ts';
import type { ProgramName } from './program.ts';

/** Where a profile sets up what it needs. */
export interface Place {
  /** Of our server, on 127.0.0.1. */
  readonly port: number;
  /** A folder of its own, deleted afterwards. */
  readonly directory: string;
  /** Whatever is started is ended with it, the latest first. */
  readonly stack: AsyncDisposableStack;
}

/** How a client gets through. */
export interface Way {
  /** What takes the place of the server's address. */
  readonly url: string;
  /** For a client behind a forward proxy, or one that trusts a certificate of its own. */
  readonly fetch?: typeof fetch;
  readonly WebSocket?: ClientOptions['WebSocket'];
  /** The same for a client that uses node:http. */
  readonly agent?: Agent;
  /** The same for Chromium: command line switches. */
  readonly browserArgs?: readonly string[];
}

/** One kind of network. */
export interface Profile {
  /** As on the command line: small letters and hyphens. */
  readonly name: string;
  /** What it is, for a reader of the table. */
  readonly what: string;
  /** What has to be installed for it. */
  readonly programs: readonly ProgramName[];
  /** No more jitter than 100 ms, and room for speech: a buffer of 250 ms must never run dry. */
  readonly steady: boolean;
  /** Too narrow for speech: there is a block only each so many ms. Default: one after the other. */
  readonly blockEveryMs?: number;
  /** The rungs on which a conversation may be found at its end. */
  readonly rungs: readonly Rung[];
  readonly parallelPosts?: number;
  /** Carries a conversation through the page in Chromium, too. */
  readonly page: boolean;
  /** Sets it up before the server. @throws with the reason, if it cannot be */
  open(place: Place): Promise<Way>;
}
