import { createEventFactory } from '../../src/agent/run/event-factory.ts';
import type { AgentCard, LiveRunner, RunLiveParams } from '../../src/agent/run/runner.ts';
import { AsyncQueue } from '../../src/models/async-queue.ts';
import type { LiveConversation } from '../../src/store/live-conversation.ts';
import type { LiveConversations } from '../../src/store/live-conversations.ts';
import type { AgentEvent, Part } from '../../src/wire/agent-event.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { stir } from './fake-clock.ts';

/** An action of the agent. Everything that it says has a unique number. */
export type Act =
  /** Writes this number of pieces of text in one event. */
  | { readonly act: 'writes'; readonly pieces: number }
  | { readonly act: 'speaks'; readonly ms: number; readonly pieces: number }
  /** Yields speech between two texts in one event, as an ADK Runner may. */
  | { readonly act: 'does both'; readonly ms: number }
  | { readonly act: 'hears' | 'calls a tool' | 'cancels a tool' | 'counts tokens' | 'thinks' }
  | { readonly act: 'is interrupted' | 'completes' | 'is interrupted and completes' | 'fails' };

const RATE = 24_000;
/** Bytes of PCM16 in a millisecond. */
const BYTES_PER_MS = (RATE * 2) / 1000;

interface Run {
  readonly events: AsyncQueue<AgentEvent>;
  readonly params: RunLiveParams;
  readonly conversation: LiveConversation;
}

export interface ScriptedRunnerOptions {
  readonly conversations: LiveConversations;
  onRequest(request: LiveRequest): void;
  onFailure(): void;
}

/** Replaces a Runner and its model: reads its input at once and performs the scripted acts. */
export class ScriptedRunner implements LiveRunner {
  readonly card: AgentCard = {
    appName: 'contract',
    agent: 'agent',
    model: 'none',
    audioOnly: false,
    inputRate: 16_000,
    outputRate: RATE,
  };
  readonly conversations: LiveConversations;
  readonly #options: ScriptedRunnerOptions;
  readonly #stamp = createEventFactory();
  #run: Run | undefined;
  /** Text of the current reply so far. */
  #reply = '';
  #made = 0;

  constructor(options: ScriptedRunnerOptions) {
    this.#options = options;
    this.conversations = options.conversations;
  }

  async *runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    const { userId, sessionId, liveRequestQueue, abortSignal } = params;
    const conversation = this.#options.conversations.open({ appName: this.card.appName, userId, sessionId });
    const run: Run = { events: new AsyncQueue(10_000), params, conversation };
    this.#run = run;
    this.#yield({ status: { upstream: 'ready' } });
    abortSignal?.addEventListener('abort', () => run.events.end());
    void this.#read(run);
    try {
      yield* run.events;
    } finally {
      if (this.#run === run) this.#run = undefined;
      this.#reply = '';
      liveRequestQueue.release();
      void conversation.release();
    }
  }

  /** Does nothing if there is no run. */
  perform(act: Act): void {
    stir();
    switch (act.act) {
      case 'writes':
        this.#yield({ partial: true, content: { parts: times(act.pieces, () => this.#text()) } });
        break;
      case 'speaks':
        for (const part of times(act.pieces, () => this.#speech(act.ms))) this.#yield({ content: { parts: [part] } });
        this.#yield({ outputTranscription: { text: this.#text().text, finished: false } });
        break;
      case 'does both':
        this.#yield({ partial: true, content: { parts: [this.#text(), this.#speech(act.ms), this.#text()] } });
        break;
      case 'hears':
        this.#yield({ inputTranscription: { text: `heard ${this.#number()}`, finished: true } });
        break;
      case 'calls a tool': {
        const id = `call ${this.#number()}`;
        this.#yield({ content: { parts: [{ functionCall: { id, name: 'tool', args: { id } } }] } });
        this.#yield({ content: { parts: [{ functionResponse: { id, name: 'tool', response: { id } } }] } });
        break;
      }
      case 'cancels a tool':
        this.#yield({ toolCancellation: [`call ${this.#number()}`, `call ${this.#number()}`] });
        break;
      case 'counts tokens':
        this.#yield({ usageMetadata: { totalTokenCount: this.#number() } });
        break;
      case 'thinks':
        this.#yield({ content: { parts: [{ text: `thought ${this.#number()}`, thought: true }] } });
        break;
      case 'is interrupted':
        this.#yield({ interrupted: true });
        break;
      case 'completes':
        this.#complete();
        this.#yield({ turnComplete: true });
        break;
      case 'is interrupted and completes':
        this.#complete();
        this.#yield({ interrupted: true, turnComplete: true });
        break;
      case 'fails':
        if (this.#run) this.#options.onFailure();
        this.#run?.events.end(new WireError('model_closed'));
        break;
    }
  }

  async #read({ events, params, conversation }: Run): Promise<void> {
    const { liveRequestQueue, abortSignal } = params;
    for (;;) {
      const request = await liveRequestQueue.get();
      if (!request || abortSignal?.aborted) break;
      stir();
      this.#options.onRequest(request);
      if (request.content) conversation.append(this.#stamp({ author: 'user', content: request.content }));
    }
    events.end();
  }

  #yield(body: Omit<AgentEvent, 'id' | 'invocationId' | 'timestamp' | 'author'>): void {
    const content = body.content && { role: 'model', ...body.content };
    this.#run?.events.push(this.#stamp({ author: 'agent', ...body, ...(content ? { content } : {}) }));
  }

  /** The whole text, as a Runner gives it at the end of a reply: kept, and told to nobody. */
  #complete(): void {
    if (this.#reply === '' || !this.#run) return;
    const event = this.#stamp({ author: 'agent', content: { role: 'model', parts: [{ text: this.#reply }] } });
    this.#run.conversation.append(event);
    this.#run.conversation.commitTurn();
    this.#run.events.push(event);
    this.#reply = '';
  }

  #text(): { text: string } {
    const text = `said ${this.#number()}. `;
    this.#reply += text;
    return { text };
  }

  /** Generates a distinct sound for each piece. */
  #speech(ms: number): Part {
    const data = Buffer.alloc(ms * BYTES_PER_MS, String(this.#number()).padStart(6, '0')).toString('base64');
    return { inlineData: { mimeType: `audio/pcm;rate=${RATE}`, data } };
  }

  #number(): number {
    this.#made += 1;
    return this.#made;
  }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
