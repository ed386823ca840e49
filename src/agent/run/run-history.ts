import type { ModelSetup } from '../../models/realtime-model.ts';
import { omitSummarized } from '../../store/conversation-summary.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { InvocationNames } from '../invocation-context.ts';
import type { RunConfig } from '../run-config.ts';
import type { CreateEvent } from './event-factory.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import { isAnswered, omitPassedOver, omitReplayedEvents, toHistory } from './seed-history.ts';
import { toSummaryContents } from './summary-content.ts';
import type { TurnView } from './turn-state.ts';

/** Number of connections in a row without any output after which questions that were passed over are left out of the history. */
const MAX_FRUITLESS = 2;
/** Number of such connections after which the summary is left out, too: it may have the words that break the model. */
const MAX_FRUITLESS_SUMMARY = 3;

export interface RunHistoryOptions {
  readonly conversation: LiveConversation;
  readonly turn: TurnView;
  readonly replayBuffer: ReplayBuffer;
  readonly runConfig: RunConfig;
  readonly invocation: InvocationNames;
  readonly createEvent: CreateEvent;
}

/** What fresh connections of a run are told of the conversation. */
export class RunHistory {
  readonly #options: RunHistoryOptions;
  /** Number of connections in a row that ended without any output. */
  #fruitless = 0;
  /** Turn in which the model answers the last entry of the history; `undefined` if the history needs no answer. */
  #answeringTurn: number | undefined;
  #leavesOutPassedOver = false;

  constructor(options: RunHistoryOptions) {
    this.#options = options;
  }

  /** @returns the conversation without what the replay buffer will send again; a summary takes the place of the events that it covers */
  async load(): Promise<Pick<ModelSetup, 'history' | 'answered'>> {
    const { conversation, replayBuffer, runConfig, turn, invocation } = this.#options;
    await conversation.loaded;
    const known = omitReplayedEvents(conversation.events, invocation.invocationId, replayBuffer);
    // A connection that ends as soon as it is told the conversation may not bear a question that was passed over.
    const isSuspect = this.#leavesOutPassedOver || this.#fruitless >= MAX_FRUITLESS;
    const events = isSuspect ? omitPassedOver(known) : known;
    const { summary } = conversation;
    const unsummarized = new Set(omitSummarized(conversation.events, summary));
    const told = toHistory(
      events.filter((event) => unsummarized.has(event)),
      runConfig.getSessionConfig,
    );
    const isTellable = this.#fruitless < MAX_FRUITLESS_SUMMARY;
    const history = [...(isTellable ? toSummaryContents(summary) : []), ...told];
    const answered = isAnswered(events);
    this.#answeringTurn = history.at(-1)?.role === 'user' && !answered ? turn.state.turn : undefined;
    return { history, answered };
  }

  /** Whether a fresh connection was told of a question that it will answer, and has not completed a turn. */
  get awaitsReply(): boolean {
    return this.#answeringTurn === this.#options.turn.state.turn;
  }

  /** The model refuses every question: the ones that it has refused are left out of what fresh connections are told. */
  leaveOutPassedOver(): void {
    this.#leavesOutPassedOver = true;
  }

  onConnectionLost(producedOutput: boolean): void {
    this.#fruitless = producedOutput ? 0 : this.#fruitless + 1;
  }

  /**
   * The run fails because connections end again and again. The question that they ended with is passed over: the next run is told of it as said, and
   * the model does not answer it again. Otherwise every later message would fail with it.
   */
  passOver(): void {
    const { invocation, conversation, turn, createEvent } = this.#options;
    if (turn.state.phase === 'idle') return;
    conversation.append(createEvent({ author: invocation.agentName, turnComplete: true }));
    conversation.commitTurn();
  }
}
