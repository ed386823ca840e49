import { AsyncQueue } from '../../models/async-queue.ts';
import type { AgentEvent, Content } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { ActiveAgent } from './active-agent.ts';
import type { ConversationRecorder } from './conversation-recorder.ts';
import type { CreateEvent, EmitEvent } from './event-factory.ts';
import { readStateDelta } from './run-state.ts';
import { createTypedEvent } from './send-request.ts';

export interface RunOutputOptions {
  readonly active: ActiveAgent;
  readonly createEvent: CreateEvent;
  readonly recorder: ConversationRecorder;
  /** Called with each event after it is recorded, before the reader of the run has it. */
  readonly onEmitted: (event: AgentEvent) => void;
}

/** Pictures of a message: their number, and their data if it is known. */
export type MessagePictures = Pick<LiveRequest, 'pictures' | 'pictureData'>;

/** Maximum number of events that wait for the reader of the run. One more ends the run with an error. */
const MAX_WAITING_EVENTS = 10_000;

/** What a run yields. Each event is recorded in the conversation before the reader has it. */
export class RunOutput {
  readonly #options: RunOutputOptions;
  readonly #events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
  #isClosed = false;

  constructor(options: RunOutputOptions) {
    this.#options = options;
  }

  /** Events for the reader of the run. They end, or fail with the error of the run, when the run is over. */
  get events(): AsyncIterator<AgentEvent, void> {
    return this.#events;
  }

  readonly emit: EmitEvent = (body) => {
    if (this.#isClosed) return;
    const { active, createEvent, recorder, onEmitted } = this.#options;
    const branch = active.findBranch(body.author);
    const event = createEvent(branch === undefined ? body : { ...body, branch });
    recorder.record(event, readStateDelta(event));
    onEmitted(event);
    if (this.#events.push(event)) return;
    this.end(new Error(`${MAX_WAITING_EVENTS} events wait: nobody reads this run`));
  };

  /**
   * Records what the user has typed. The reader of the run does not get it.
   * @param duringReply a reply is being given
   * @returns id of the event
   */
  recordTyped(content: Content, { pictures = 0, pictureData }: MessagePictures, duringReply: boolean): string {
    const { createEvent, recorder } = this.#options;
    const event = createEvent(createTypedEvent(content, pictures));
    if (!this.#isClosed) recorder.recordTyped(event, duringReply, pictureData);
    return event.id;
  }

  /** @param onEnd called before the reader learns of the end */
  onEnd(onEnd: () => Promise<void>): void {
    this.#events.onEnd(onEnd);
  }

  /** The run is finished, and its conversation given up: what code of the author still does changes nothing. */
  close(): void {
    this.#isClosed = true;
  }

  /** Ends the events. A second call has no effect. @param error Default: the run has ended as it should */
  end(error?: unknown): void {
    this.#events.end(error);
  }
}
