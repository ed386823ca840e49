import type { ResumptionHandles } from './resumption-handles.ts';

export interface GeminiConnectionOptions {
  readonly handles: ResumptionHandles;
  /** The only accepted key. Undefined: any key is accepted. */
  readonly apiKey: string | undefined;
  /** Name of the only model that exists. Undefined: every live model of Gemini exists. */
  readonly model: string | undefined;
  readonly pace: number;
  readonly toolWaitMs: number;
  /** Lifetime of the connection, in ms. 0: no limit. */
  readonly lifetimeMs: number;
  /** Whether to refuse messages that Gemini merely tolerates. */
  readonly strict: boolean;
  /** Called with each setup message, before it is validated. */
  onSetup(setup: unknown): void;
  /** Called when the client violates the protocol. */
  onViolation(text: string): void;
}
