import type { ModelEvent } from '../models/realtime-model.ts';
import type { Part } from '../wire/agent-event.ts';
import type { EmitEvent } from './event-factory.ts';

/**
 * Makes ADK events of what a model says: increments as they come (`partial`), and the whole text once it is known: of an answer when
 * it is over or something else comes between, of a transcript when the provider finishes it, or else with the generation.
 * Audio is passed on as it is. An interruption is always told, in an event of its own.
 */
export class TurnAssembler {
  readonly #agent: string;
  readonly #emit: EmitEvent;
  #text = '';
  #thought = false;
  #input = '';
  #output = '';

  /** @param agent author of what the model says */
  constructor(agent: string, emit: EmitEvent) {
    this.#agent = agent;
    this.#emit = emit;
  }

  /** Something was said that is not known whole yet. */
  get midReply(): boolean {
    return this.#text !== '' || this.#output !== '';
  }

  take(event: ModelEvent): void {
    switch (event.type) {
      case 'audio': {
        const { mimeType, data } = event;
        this.#emit({ author: this.#agent, content: { role: 'model', parts: [{ inlineData: { mimeType, data } }] } });
        return;
      }
      case 'text':
        if (event.thought !== this.#thought) this.#flushText();
        this.#thought = event.thought;
        this.#text += event.text;
        this.#emit({ author: this.#agent, content: this.#modelText(event.text), partial: true });
        return;
      case 'input_transcript':
        this.#input += event.text;
        if (event.text) {
          this.#emit({ author: 'user', inputTranscription: { text: event.text, finished: false }, partial: true });
        }
        if (event.finished) this.#flushInput();
        return;
      case 'output_transcript':
        this.#output += event.text;
        if (event.text) {
          this.#emit({
            author: this.#agent,
            outputTranscription: { text: event.text, finished: false },
            partial: true,
          });
        }
        if (event.finished) this.#flushOutput();
        return;
      case 'tool_call':
        this.#flushText();
        this.#emit({
          author: this.#agent,
          content: { role: 'model', parts: event.calls.map((functionCall): Part => ({ functionCall })) },
        });
        return;
      case 'tool_cancel':
        this.#emit({ author: this.#agent, toolCancellation: event.ids });
        return;
      case 'usage':
        this.#emit({ author: this.#agent, usageMetadata: event.usage });
        return;
      case 'grounding':
        this.#emit({ author: this.#agent, groundingMetadata: event.metadata });
        return;
      case 'generation_complete':
        this.#flushAll();
        return;
      case 'interrupted':
        this.#flushAll();
        this.#emit({ author: this.#agent, interrupted: true });
        return;
      case 'turn_complete':
        this.#flushAll();
        this.#emit({ author: this.#agent, turnComplete: true });
        return;
    }
  }

  /** Input before output, as ADK has it. */
  #flushAll(): void {
    this.#flushInput();
    this.#flushOutput();
    this.#flushText();
  }

  #flushInput(): void {
    if (!this.#input) return;
    this.#emit({ author: 'user', inputTranscription: { text: this.#input, finished: true } });
    this.#input = '';
  }

  #flushOutput(): void {
    if (!this.#output) return;
    this.#emit({ author: this.#agent, outputTranscription: { text: this.#output, finished: true } });
    this.#output = '';
  }

  #flushText(): void {
    if (!this.#text) return;
    this.#emit({ author: this.#agent, content: this.#modelText(this.#text) });
    this.#text = '';
  }

  #modelText(text: string): { role: 'model'; parts: Part[] } {
    return { role: 'model', parts: [this.#thought ? { text, thought: true } : { text }] };
  }
}
