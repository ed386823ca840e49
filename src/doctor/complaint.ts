import type { Topic } from './advice.ts';

/** One thing that a network does. */
export interface Complaint {
  /** `undefined`: nothing needs to be set. */
  readonly topic: Topic | undefined;
  /** After `It `. */
  readonly does: string;
  /** A whole sentence. */
  readonly means: string;
  /** It costs a conversation something, even with the SDK. */
  readonly hurts: boolean;
}
