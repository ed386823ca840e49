import type { ModelEvent } from '../../models/realtime-model.ts';
import type { AgentEvent, Content } from '../../wire/agent-event.ts';
import type { CallbackCalls } from './callback-calls.ts';
import { InputScreening } from './input-screening.ts';
import { PendingChecks } from './pending-checks.ts';
import { ReplyReplacement, type ReplyReplacementOptions } from './reply-replacement.ts';
import { ReplyScreening } from './reply-screening.ts';

export interface ScreeningOptions extends ReplyReplacementOptions {
  readonly calls: CallbackCalls;
  readonly onError: (error: unknown) => void;
  /** Whether the model has the beginning of a message, whose rest may follow. */
  readonly holdsText: () => boolean;
}

/** Shows what the user and the model say to the callbacks of the agent, which may put a text of their own in the place of a reply. */
export class Screening {
  readonly #input: InputScreening;
  readonly #reply: ReplyScreening;
  readonly #checks: PendingChecks;
  readonly #replacement: ReplyReplacement;
  readonly #active: ReplyReplacementOptions['active'];

  constructor(options: ScreeningOptions) {
    const { active, calls, turn, conversation, onError, holdsText } = options;
    this.#active = active;
    const checks = new PendingChecks({ conversation, onError });
    const replacement = new ReplyReplacement(options);
    const reply = new ReplyScreening({ calls, turn, replacement, checks });
    this.#checks = checks;
    this.#replacement = replacement;
    this.#reply = reply;
    this.#input = new InputScreening({
      calls,
      turn,
      replacement,
      checks,
      isActive: () => active.callbacks.beforeModel.length > 0,
      listReplyEvents: (turnNumber) => reply.listEvents(turnNumber),
      holdsText,
    });
  }

  /** Puts the text of `beforeAgentCallback` or `afterAgentCallback` in the place of a reply. */
  get replacement(): Pick<ReplyReplacement, 'answer'> {
    return this.#replacement;
  }

  /** Whether the agent has callbacks for what is said. Most have none, and each piece of speech comes by here. */
  get #isActive(): boolean {
    const { beforeModel, afterModel } = this.#active.callbacks;
    return beforeModel.length > 0 || afterModel.length > 0;
  }

  /** Checks an event of the model before it is applied. @returns whether it must be discarded */
  examine(event: ModelEvent): boolean {
    return this.#isActive && this.#reply.examine(event);
  }

  /** Checks a typed message before it is sent. @returns whether it must not be sent */
  blocksTyped(content: Content): boolean | Promise<boolean> {
    return this.#active.callbacks.beforeModel.length > 0 && this.#input.blocksTyped(content);
  }

  /** Follows the events of the run. */
  onEmitted(event: AgentEvent): void {
    if (!this.#isActive) return;
    this.#reply.onEmitted(event);
    this.#input.onEmitted(event);
  }

  /**
   * Waits for callbacks that think, at most 1 s.
   * @param handled resolves when the typed message that waits to be sent is recorded, or blocked. `undefined`: none waits
   */
  finish(handled: Promise<void> | undefined): Promise<void> {
    if (handled !== undefined) this.#checks.add(handled, []);
    return this.#checks.finish();
  }
}
