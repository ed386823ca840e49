import type { Topic } from './advice.ts';

/** A behaviour of the network that differs from a direct connection. */
export interface Problem {
  /** Subject of the advice. Undefined if no setting is needed. */
  readonly topic: Topic | undefined;
  /** Behaviour of the network, as a sentence. */
  readonly finding: string;
  /** Effect on a conversation, as one or more sentences. */
  readonly consequence: string;
  /** Whether a conversation suffers even with the SDK. */
  readonly hurts: boolean;
}
