import { createHash } from 'node:crypto';
import type { ModelSetup, RealtimeModel } from '../../models/realtime-model.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { isRecord } from '../../wire/record.ts';

export interface SessionHandlesOptions {
  readonly model: Pick<RealtimeModel, 'provider' | 'name'>;
  readonly conversation: LiveConversation;
  /** Whether handles of the provider are used at all. */
  readonly isEnabled: boolean;
  /** Whether the model has nothing to do now, and waits for no result of a call. */
  readonly isSettled: () => boolean;
}

/** Setup of a connection, without what it is told of the conversation. */
type Setup = Omit<ModelSetup, 'history' | 'answered' | 'handle'>;

/** Handle as it is stored, with what tells whether it is still good. */
interface StoredHandle {
  readonly handle: string;
  /** Newest event of the conversation that the provider's session has. */
  readonly lastEventId: string;
  /** Digest of the model and the setup with which the provider's session began. */
  readonly setup: string;
}

/** Maximum length of a handle that is stored, in characters. Handles of Gemini have about 100. */
const MAX_HANDLE_CHARACTERS = 4_096;

/**
 * Resumption handles beyond the run: the newest one is stored with the conversation, and the next run, also of a server that was restarted, continues
 * the provider's session with it. That happens only if the session has all that was said, and began with the same model and the same setup: a session
 * keeps the instruction with which it began. In every other case the provider is told the conversation.
 */
export class SessionHandles {
  readonly #options: SessionHandlesOptions;
  /** Whether the run has its own session by now, or the stored handle was refused. */
  #isOver = false;
  /** Digest of the setup with which the current session of the provider began. */
  #setup: string | undefined;

  constructor(options: SessionHandlesOptions) {
    this.#options = options;
  }

  /**
   * Finds the handle with which the first connection of the run can continue. The conversation is loaded.
   * @returns `undefined` if there is none that is good for this setup
   */
  find(setup: Setup): string | undefined {
    const { conversation, model, isEnabled } = this.#options;
    const { resumption, events } = conversation;
    if (this.#isOver || !isEnabled || resumption?.provider !== model.provider) return undefined;
    const stored = parseHandle(resumption.handle);
    if (!stored || stored.lastEventId !== findCompleteTurn(events) || stored.setup !== this.#digest(setup)) {
      return undefined;
    }
    return stored.handle;
  }

  /** The stored handle is not used any more: the provider has refused it, or the run goes on with another setup. */
  discard(): void {
    this.#isOver = true;
  }

  /** A connection was opened. @param isResumption whether it continues a session, which keeps the setup with which it began */
  onOpened(setup: Setup, isResumption: boolean): void {
    this.#isOver = true;
    if (!isResumption || this.#setup === undefined) this.#setup = this.#digest(setup);
  }

  /** Stores a handle, if it was issued right after a complete turn. A later one takes its place. */
  onHandle(handle: string): void {
    const { conversation, model, isEnabled, isSettled } = this.#options;
    if (!isEnabled || !isSettled() || handle.length > MAX_HANDLE_CHARACTERS || this.#setup === undefined) return;
    const lastEventId = findCompleteTurn(conversation.events);
    if (lastEventId === undefined) return;
    const stored: StoredHandle = { handle, lastEventId, setup: this.#setup };
    conversation.commitResumption({ provider: model.provider, handle: JSON.stringify(stored) });
  }

  #digest(setup: Setup): string {
    const { provider, name } = this.#options.model;
    return createHash('sha256')
      .update(JSON.stringify([provider, name, setup]))
      .digest('base64');
  }
}

/** Finds the end of the newest turn. @returns `undefined` if something was said, called or answered since */
function findCompleteTurn(events: readonly AgentEvent[]): string | undefined {
  const newest = events.findLast(isPartOfExchange);
  return newest?.turnComplete ? newest.id : undefined;
}

/** Whether an event has something that the model heard or said. Words that were recognized late belong to the turn before. */
function isPartOfExchange(event: AgentEvent): boolean {
  if (event.turnComplete || event.interrupted || event.outputTranscription || event.actions?.transferToAgent)
    return true;
  if (event.inputTranscription) return !event.answered;
  return event.content?.parts?.some(({ fileData }) => !fileData) ?? false;
}

function parseHandle(text: string): StoredHandle | undefined {
  try {
    const stored: unknown = JSON.parse(text);
    if (!isRecord(stored)) return undefined;
    const { handle, lastEventId, setup } = stored;
    const isValid = typeof handle === 'string' && typeof lastEventId === 'string' && typeof setup === 'string';
    return isValid ? { handle, lastEventId, setup } : undefined;
  } catch {
    return undefined;
  }
}
