import type { Transport } from './ladder.ts';
import type { SocketConstructor } from './socket-transport.ts';
import type { VerdictStorage } from './verdict.ts';

export interface ClientOptions {
  /** Where the server is, as `https://example.org` or, on its own page, an empty text. */
  readonly url: string;
  readonly userId: string;
  /** Absent: the server's `default`. */
  readonly sessionId?: string;
  /** Whether the agent answers in audio; absent: as it does now. */
  readonly isAudio?: boolean;
  /** Voice of the agent, by a name that its model knows; absent: as it is, as with the next three. What the model cannot do comes back as `retry`. */
  readonly voice?: string;
  /** BCP-47, for a model that can be told which language to speak. */
  readonly language?: string;
  /** Whether the agent may keep silent where it is not spoken to. */
  readonly proactivity?: boolean;
  readonly affectiveDialog?: boolean;
  /** The agent that is meant: another one is refused. */
  readonly agent?: string;
  /** Ask for the conversation so far: it comes as `reset`, before anything else. Default: no. */
  readonly history?: boolean;
  /** `auto`, the default: whatever the network lets through. */
  readonly transport?: Transport;
  /** For every request, as `Authorization`. A WebSocket cannot send them: with any, `auto` does without. */
  readonly headers?: Readonly<Record<string, string>>;
  /** POSTs under way at once, 1 to 4. Default: 4 where they travel side by side (HTTP/2), else 1. */
  readonly parallelPosts?: number;
  readonly fetch?: typeof fetch;
  /** Default: the platform's own, if it has one. */
  readonly WebSocket?: SocketConstructor;
  /** 0 to below 1, as Math.random. */
  readonly random?: () => number;
  /** Where it is remembered what the network needed, as localStorage. */
  readonly storage?: VerdictStorage;
}
