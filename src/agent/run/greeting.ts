import type { ModelConnection } from '../../models/realtime-model.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { TurnView } from './turn-state.ts';

export interface GreetingOptions {
  /** Text that makes the model speak first. */
  readonly opening: string;
  readonly conversation: LiveConversation;
  readonly turn: TurnView;
  /** Whether the user has sent something that no connection has received yet. */
  readonly hasInput: () => boolean;
  readonly send: (connection: ModelConnection, input: LiveRequest) => void;
}

/** Makes the agent speak first, unless anything was said in the conversation before, or the user is faster. */
export class Greeting {
  readonly #options: GreetingOptions;
  /** Whether the time of the greeting has come, so that there is no other. */
  #isOver = false;

  constructor(options: GreetingOptions) {
    this.#options = options;
  }

  /** Call it with each status, and with the connection if one is open. */
  onStatus({ upstream }: UpstreamStatus, connection: ModelConnection | undefined): void {
    if (!connection || this.#isOver) return;
    this.#isOver = true;
    const { opening, conversation, turn, hasInput, send } = this.#options;
    // The provider remembers the conversation, which need not be stored here.
    if (upstream === 'resumed') return;
    if (conversation.listTurns().length > 0 || turn.state.inputs > 0 || hasInput()) return;
    // Like a message of the user, the request is repeated if the connection is lost before the greeting is complete. It is not recorded.
    send(connection, { content: { role: 'user', parts: [{ text: opening }] } });
  }
}
