import type { ModelEvent } from '../models/realtime-model.ts';
import type { Part } from '../wire/agent-event.ts';
import type { EmitEvent, EventBody } from './event-factory.ts';
import { toldReason } from './turn-complete-reason.ts';

/** How long the rest of what the user said may come after the first sign of the reply to it, ms. */
const LATE_MS = 1_000;
/** Tool events that wait for that; with one more the transcript is told as it is, and they after it. */
const MAX_HELD = 64;
/** Characters of a text or a transcript that is not whole yet; with more it is told as it is. A model that never ends its turn must have a limit. */
const MAX_PENDING = 256 * 1024;

/**
 * Makes ADK events of what a model says: increments as they come (`partial`), and the whole text once it is known: of an answer when
 * it is over or something else comes between, of a transcript when the provider finishes it, or else with the generation.
 * Audio is passed on as it is. An interruption is always told, in an event of its own.
 *
 * What the user said is told whole before anything whole of the reply to it, and before the reply's tool calls and their results. Gemini does not
 * say when it is whole, and its last words may come when the reply has begun: to end it with the first sign of a reply would tear it in two, and
 * to wait for the end of the reply would show a tool behind the answer that it gave. So it stays open for a second after the first sign, and tool
 * calls wait with it; it ends at once when the provider says so, when a call that waits has brought more of the reply, or with something whole
 * of the reply. What is heard after that is speech into the reply, a transcript of its own. The transcript of the reply itself is not waited for:
 * on Gemini it ends with the generation, which comes after the tools.
 */
export class TurnAssembler {
  readonly #agent: string;
  readonly #emit: EmitEvent;
  #text = '';
  #thought = false;
  #input = '';
  #output = '';
  /** Something of the answer has come in this turn. */
  #answered = false;
  /** Tool events that wait for the end of what the user said, in their order. */
  #held: EventBody[] = [];
  /** Runs while what the user said waits for its last words. */
  #lateTimer: NodeJS.Timeout | undefined;

  /** @param agent author of what the model says */
  constructor(agent: string, emit: EmitEvent) {
    this.#agent = agent;
    this.#emit = emit;
  }

  /** Something of a reply was said that is not known whole yet. */
  get midReply(): boolean {
    return this.#text !== '' || this.#output !== '';
  }

  take(event: ModelEvent): void {
    switch (event.type) {
      case 'audio': {
        this.#beginReply();
        const { mimeType, data } = event;
        this.#emit({ author: this.#agent, content: { role: 'model', parts: [{ inlineData: { mimeType, data } }] } });
        return;
      }
      case 'text':
        if (event.thought !== this.#thought) this.#flushText();
        this.#beginReply();
        this.#thought = event.thought;
        this.#text += event.text;
        this.#emit({ author: this.#agent, content: this.#modelText(event.text), partial: true });
        if (this.#text.length > MAX_PENDING) this.#flushText();
        return;
      case 'input_transcript':
        this.#input += event.text;
        if (event.text) {
          this.#emit({ author: 'user', inputTranscription: { text: event.text, finished: false }, partial: true });
        }
        if (event.finished || this.#input.length > MAX_PENDING) this.#flushInput();
        return;
      case 'output_transcript':
        if (event.text) {
          this.#beginReply();
          this.#output += event.text;
          this.#emit({
            author: this.#agent,
            outputTranscription: { text: event.text, finished: false },
            partial: true,
          });
        }
        if (event.finished || this.#output.length > MAX_PENDING) this.#flushOutput();
        return;
      case 'code':
        this.#flushText();
        this.#beginReply();
        this.#emit({ author: this.#agent, content: { role: 'model', parts: [event.part] } });
        return;
      case 'tool_call':
        this.#flushText();
        this.#answered = true;
        this.#holdOrEmit({
          author: this.#agent,
          content: { role: 'model', parts: event.calls.map((functionCall): Part => ({ functionCall })) },
        });
        return;
      case 'tool_cancel':
        this.tell({ author: this.#agent, toolCancellation: event.ids });
        return;
      case 'usage':
        this.#emit({ author: this.#agent, usageMetadata: event.usage });
        return;
      case 'grounding':
        this.#emit({ author: this.#agent, groundingMetadata: event.metadata });
        return;
      case 'voice_activity':
        this.#emit({ author: this.#agent, voiceActivity: event.activity });
        return;
      case 'session_id':
        this.#emit({ author: this.#agent, liveSessionId: event.id });
        return;
      case 'resumption':
        if (event.handle === undefined) return;
        this.#emit({
          author: this.#agent,
          liveSessionResumptionUpdate: { newHandle: event.handle, resumable: true },
        });
        return;
      case 'generation_complete':
        this.#flushAll();
        return;
      case 'interrupted':
        this.#flushAll();
        this.#emit({ author: this.#agent, interrupted: true });
        return;
      case 'turn_complete': {
        this.#flushAll();
        const reason = event.reason === undefined ? {} : toldReason(event.reason, this.#answered);
        this.#answered = false;
        this.#emit({ author: this.#agent, turnComplete: true, ...reason });
        return;
      }
    }
  }

  /** Tells what became of a tool call: behind the call, if that still waits. */
  tell(body: EventBody): void {
    if (this.#held.length > 0) this.#holdOrEmit(body);
    else this.#emit(body);
  }

  /** The connection was lost before a reply: what is not known whole of what the user said will be heard again. */
  hearAgain(): void {
    if (this.#held.length > 0) this.#flushInput();
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    this.#input = '';
  }

  /** The run is over: what is not known whole is told as far as it came, and a reply as interrupted. */
  cut(): void {
    if (this.midReply) this.take({ type: 'interrupted' });
    else this.#flushInput();
  }

  /** The first sign of the reply to what the user said; or the next after a tool call, which was the first. */
  #beginReply(): void {
    if (this.#held.length > 0) this.#flushInput();
    else if (!this.#answered && this.#input) this.#awaitLateWords();
    this.#answered = true;
  }

  #holdOrEmit(body: EventBody): void {
    if (!this.#input) {
      this.#emit(body);
      return;
    }
    this.#held.push(body);
    if (this.#held.length > MAX_HELD) this.#flushInput();
    else this.#awaitLateWords();
  }

  #awaitLateWords(): void {
    this.#lateTimer ??= setTimeout(() => this.#flushInput(), LATE_MS).unref();
  }

  /** Input before output, as ADK has it. */
  #flushAll(): void {
    this.#flushInput();
    this.#flushOutput();
    this.#flushText();
  }

  #flushInput(): void {
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    const text = this.#input;
    this.#input = '';
    if (text) this.#emit({ author: 'user', inputTranscription: { text, finished: true } });
    const held = this.#held;
    this.#held = [];
    for (const body of held) this.#emit(body);
  }

  #flushOutput(): void {
    if (!this.#output) return;
    this.#flushInput();
    this.#emit({ author: this.#agent, outputTranscription: { text: this.#output, finished: true } });
    this.#output = '';
  }

  #flushText(): void {
    if (!this.#text) return;
    this.#flushInput();
    this.#emit({ author: this.#agent, content: this.#modelText(this.#text) });
    this.#text = '';
  }

  #modelText(text: string): { role: 'model'; parts: Part[] } {
    return { role: 'model', parts: [this.#thought ? { text, thought: true } : { text }] };
  }
}
