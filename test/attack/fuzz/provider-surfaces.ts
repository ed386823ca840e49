import { EventAssembler } from '../../../src/agent/run/event-assembler.ts';
import { createEventFactory } from '../../../src/agent/run/event-factory.ts';
import { LiveTurn } from '../../../src/agent/run/turn-state.ts';
import { closeToError } from '../../../src/models/gemini/close-error.ts';
import { type GeminiServerMessage, readServerMessage } from '../../../src/models/gemini/server-message.ts';
import type { ModelEvent } from '../../../src/models/realtime-model.ts';
import { LiveLog } from '../../../src/session/log/live-log.ts';
import { LogWriter } from '../../../src/session/log/log-writer.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { DIALECT_NAMES, selectDialect } from '../../../src/wire/dialects/select-dialect.ts';
import { isRecord } from '../../../src/wire/record.ts';
import { checkRefusal, describe, expect, type Surface } from './surface.ts';

/** Every dialect, for readers with and without audio. */
const DIALECTS = DIALECT_NAMES.flatMap((name) =>
  [true, false].flatMap((hasAudio) => selectDialect(name, hasAudio) ?? []),
);
const LOG_LIMITS = { bytes: 4 * 1_024 * 1_024, ageMs: 120_000 };

const SECRET = 'AIzaSecretOfTheFuzzer0000000000000000000';

/** Server messages of Gemini: every field. */
const FRAMES: readonly string[] = [
  '{"setupComplete":{"sessionId":"s"}}',
  '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}},{"text":"hello","thought":true}]}}}',
  '{"serverContent":{"modelTurn":{"parts":[{"executableCode":{"code":"1+1","language":"PYTHON"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}}]}}}',
  '{"serverContent":{"inputTranscription":{"text":"hi","finished":true},"outputTranscription":{"text":"ho","finished":false}}}',
  '{"serverContent":{"interrupted":true,"generationComplete":true,"turnComplete":true,"turnCompleteReason":"MAX_TOKENS"}}',
  '{"serverContent":{"groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://example.com/a","title":"t","domain":"d"}}]}}}',
  '{"toolCall":{"functionCalls":[{"id":"c1","name":"quick","args":{"a":1}},{"name":"b"}]}}',
  '{"toolCallCancellation":{"ids":["c1"]}}',
  '{"usageMetadata":{"promptTokenCount":1,"responseTokenCount":2,"totalTokenCount":3,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1}],"responseTokensDetails":[]}}',
  '{"sessionResumptionUpdate":{"newHandle":"h","resumable":true}}',
  '{"goAway":{"timeLeft":"9.5s"}}',
  '{"voiceActivity":{"type":"ACTIVITY_START","audioOffset":"1s"}}',
];

/** Carries events of a model through everything that a run makes of them, to the messages of clients. */
function encodeAll(events: readonly ModelEvent[]): void {
  const turn = new LiveTurn('single');
  const createEvent = createEventFactory();
  const emitted: AgentEvent[] = [];
  const assembler = new EventAssembler({ agentName: 'attacked' }, turn, (body) => void emitted.push(createEvent(body)));
  for (const event of events) {
    turn.apply(event);
    assembler.onModelEvent(event);
  }
  turn.apply({ type: 'connection_lost' });
  assembler.onConnectionLost();
  assembler.interrupt();
  const log = new LiveLog({ epoch: 'epoch-of-the-fuzzer_01', limits: LOG_LIMITS });
  const writer = new LogWriter(log, { sessionId: 'session1', agent: 'attacked' });
  for (const event of emitted) {
    const entry = writer.append({ event });
    for (const dialect of DIALECTS) {
      for (const frame of dialect.encodeEntry(entry)) {
        if (!frame) continue;
        expect(!/[\r\n]/.test(frame.data), `a message of the dialect ${dialect.name} has several lines`);
        JSON.parse(frame.data);
      }
    }
  }
}

export const providerSurfaces: readonly Surface[] = [
  {
    name: 'frame of the provider',
    isText: true,
    seeds: FRAMES,
    check(input) {
      let frame: unknown;
      try {
        frame = JSON.parse(input);
      } catch {
        return;
      }
      if (!isRecord(frame)) return;
      const events: ModelEvent[] = [];
      try {
        readServerMessage(frame as GeminiServerMessage, (event) => events.push(event));
      } catch (error) {
        // A field of another type. The socket discards the frame, and what the fields before it said stays.
        if (!(error instanceof TypeError)) throw error;
      }
      try {
        encodeAll(events);
      } catch (error) {
        throw new Error(`a frame that was accepted breaks the run: ${describe(error)}`, { cause: error });
      }
    },
  },
  {
    name: 'close reason of the provider',
    isText: true,
    seeds: [
      `1008\nAPI key not valid: ${SECRET}`,
      `1011\nResource has been exhausted (quota) ${SECRET}`,
      `1007\nRequest contains an invalid argument: ${SECRET}`,
      `1006\nmodels/x is not found for API version ${SECRET}`,
      `1000\nBearer ${SECRET}`,
    ],
    check(input) {
      const [code = '', ...reason] = input.split('\n');
      const error = closeToError({ code: Number.parseInt(code, 10) || 1006, reason: reason.join('\n') });
      checkRefusal(error.body());
      expect(!JSON.stringify(error.body()).includes(SECRET), 'a text of the provider reached clients');
    },
  },
];
