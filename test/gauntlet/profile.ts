import type { Agent } from 'node:http';
import type { ClientOptions, Rung } from '../../src/client/index.ts';
import type { ProgramName } from './program.ts';

/** The place in which a profile sets up its programs. */
export interface Place {
  /** Port of the server, on 127.0.0.1. */
  readonly port: number;
  /** Folder of the profile, deleted afterwards. */
  readonly directory: string;
  /** Ends everything that is added to it, the latest first. */
  readonly stack: AsyncDisposableStack;
}

/** The means of a client to get through the network. */
export interface Way {
  /** Address to use in place of the server's. */
  readonly url: string;
  /** `fetch` of a client behind a forward proxy, or of one that trusts a special certificate. */
  readonly fetch?: typeof fetch;
  readonly WebSocket?: ClientOptions['WebSocket'];
  /** Agent of a client that uses node:http. */
  readonly agent?: Agent;
  /** Command line switches of Chromium. */
  readonly browserArgs?: readonly string[];
}

/** A kind of network. */
export interface Profile {
  /** Name on the command line: lower case letters and hyphens. */
  readonly name: string;
  /** Description for a reader of the table. */
  readonly what: string;
  /** Programs that have to be installed. */
  readonly programs: readonly ProgramName[];
  /** Whether jitter stays below 100 ms and speech has enough bandwidth, so that a buffer of 250 ms never runs dry. */
  readonly steady: boolean;
  /** Interval between two blocks on a network that is too narrow for speech, in ms. Default: no pause. */
  readonly blockEveryMs?: number;
  /** Rungs on which a conversation may end. */
  readonly rungs: readonly Rung[];
  readonly parallelPosts?: number;
  /** Whether a conversation of the page in Chromium is carried through, too. */
  readonly page: boolean;
  /** Sets the network up before the server. @throws with the reason if that fails */
  open(place: Place): Promise<Way>;
}
