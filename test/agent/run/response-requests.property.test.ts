import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FramePacer } from '../../../src/agent/run/frame-pacer.ts';
import { InputConverter } from '../../../src/agent/run/input-converter.ts';
import { InputSender } from '../../../src/agent/run/input-sender.ts';
import { ReplayBuffer } from '../../../src/agent/run/replay-buffer.ts';
import { ResponseRequests } from '../../../src/agent/run/response-requests.ts';
import { LiveTurn, type TurnInput } from '../../../src/agent/run/turn-state.ts';
import type { ModelConnection, ModelInput } from '../../../src/models/realtime-model.ts';
import type { LiveRequest } from '../../../src/wire/live-request.ts';

const audio = (byte: number) => Buffer.alloc(640, byte).toString('base64');
const GIVEN: Record<string, LiveRequest> = {
  text: { content: { parts: [{ text: 'hello' }] } },
  beginning: { content: { parts: [{ text: 'hel' }] }, partial: true },
  loud: { blob: { mime_type: 'audio/pcm;rate=16000', data: audio(0x20) } },
  quiet: { blob: { mime_type: 'audio/pcm;rate=16000', data: audio(0) } },
  start: { activity_start: {} },
  end: { activity_end: {} },
  off: { audio_stream_end: true },
};

/** The parts of a run that a request to respond depends on, and what the model receives. */
class Conversation {
  readonly sent: ModelInput[] = [];
  readonly #turn = new LiveTurn('single');
  readonly #replayBuffer = new ReplayBuffer(this.#turn);
  readonly #converter: InputConverter;
  readonly #sender: InputSender;
  readonly #responses: ResponseRequests;
  // The sender uses nothing else of a connection.
  readonly #connection = { send: (input) => this.sent.push(input) } as Partial<ModelConnection> as ModelConnection;

  constructor(manualActivity: boolean) {
    const frames = new FramePacer(undefined, () => {});
    this.#converter = new InputConverter({ inputRate: 16_000, manualActivity, frames });
    this.#sender = new InputSender({
      turn: this.#turn,
      replayBuffer: this.#replayBuffer,
      canTruncate: false,
      proactive: false,
      onQuestion: () => {},
    });
    this.#responses = new ResponseRequests({
      turn: this.#turn,
      converter: this.#converter,
      sender: this.#sender,
      replayBuffer: this.#replayBuffer,
      history: { awaitsReply: false },
      opening: 'begin',
    });
  }

  give(request: LiveRequest): void {
    const input = this.#converter.convert(request);
    if (input) this.#sender.send(this.#connection, input);
  }

  /** @returns what the model received for the request */
  respond(): ModelInput[] {
    const from = this.sent.length;
    const resolved = this.#responses.resolve();
    if (resolved) this.give(resolved);
    return this.sent.slice(from);
  }

  answer(): void {
    const answer: TurnInput[] = [{ type: 'text', text: 'hi', thought: false }, { type: 'turn_complete' }];
    for (const event of answer) {
      this.#turn.apply(event);
      if (this.#turn.state.exchange !== this.#turn.previous.exchange) this.#replayBuffer.completeExchange();
    }
  }
}

test.each([
  ['detects speech', false],
  ['waits for signs of activity', true],
])(
  'a model that %s is asked once, whatever was given before and however often a response is requested',
  (_how, isManual) => {
    const names = Object.keys(GIVEN).filter((name) => isManual || (name !== 'start' && name !== 'end'));
    const steps = fc.array(fc.constantFrom(...names, 'answer', 'respond'), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (given) => {
        const conversation = new Conversation(isManual);
        for (const step of given) {
          if (step === 'answer') conversation.answer();
          else if (step === 'respond') conversation.respond();
          else conversation.give(GIVEN[step] ?? {});
        }
        // A request has one effect at most, and a second one has none before the answer.
        expect(conversation.respond().length).toBeLessThanOrEqual(1);
        expect(conversation.respond()).toEqual([]);
        // After the answer nothing is open. What had begun before the answer is a part of it.
        conversation.answer();
        const [next] = conversation.respond();
        expect([undefined, 'text', 'audio_end', 'activity_end']).toContain(next?.type);
      }),
      { numRuns: 500 },
    );
  },
);
