import type { ModelConnection, ModelEvent } from '../../src/models/realtime-model.ts';
import type { FunctionCall } from '../../src/wire/agent-event.ts';

/** Reads the events of one connection, piece by piece. */
export class EventReader {
  readonly #iterator: AsyncIterator<ModelEvent>;

  constructor(connection: ModelConnection) {
    this.#iterator = connection.events[Symbol.asyncIterator]();
  }

  /** Reads up to the first event that fits, and with it. @throws {Error} if the events end before */
  async readUntil(fits: (event: ModelEvent) => boolean): Promise<ModelEvent[]> {
    const events: ModelEvent[] = [];
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done) throw new Error(`the events ended early: ${JSON.stringify(events)}`);
      events.push(value);
      if (fits(value)) return events;
    }
  }

  /** Reads up to the end of a turn, and with it. */
  readTurn(): Promise<ModelEvent[]> {
    return this.readUntil(({ type }) => type === 'turn_complete');
  }

  /** Reads up to and with the piece that completes this text. Texts before it are skipped. */
  readUntilText(text: string): Promise<ModelEvent[]> {
    let said = '';
    return this.readUntil((event) => {
      if (event.type === 'text' || event.type === 'output_transcript') said += event.text;
      return said.includes(text);
    });
  }

  /** Reads up to the next calls. */
  async readCalls(): Promise<FunctionCall[]> {
    const call = (await this.readUntil(({ type }) => type === 'tool_call')).at(-1);
    return call?.type === 'tool_call' ? call.calls : [];
  }

  /** Reads up to the next handle. */
  async readHandle(): Promise<string> {
    const update = (await this.readUntil((event) => event.type === 'resumption' && event.handle !== undefined)).at(-1);
    return update?.type === 'resumption' && update.handle !== undefined ? update.handle : '';
  }

  /** Reads all that is left. */
  async readToEnd(): Promise<ModelEvent[]> {
    const events: ModelEvent[] = [];
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done) return events;
      events.push(value);
    }
  }
}
