import type { Scenario, ScenarioStep } from '../scenario.ts';

const INTERNAL = { close: 1011, reason: 'Internal error encountered.' } as const;
/** A moment inside the reply, after a few words or about 120 ms of speech. */
const MID_TURN = { frame: 3 } as const;

/** End of a turn. Only extended thinking reads the status. */
const END = { turnComplete: true, interactionStatus: 'IDLE' };
const REJECTED = { serverContent: { ...END, turnCompleteReason: 'RESPONSE_REJECTED' } };
/** Three seconds of speech without a sound. */
const SILENT_SPEECH = {
  inlineData: { mimeType: 'audio/pcm;rate=24000', data: Buffer.alloc(144_000).toString('base64') },
};

/** Has the n-th message of a connection answered by frames in place of an answer. */
function reply(heard: number, ...frames: readonly object[]): ScenarioStep[] {
  return [...frames.map((send) => ({ at: { heard }, do: { send } })), { at: { heard }, do: 'ignore' }];
}

/** Ready-made scenarios by name, as `--scenario` accepts them. */
export const SCENARIOS = {
  /** The client must leave within 2 s of the start of the first reply. */
  'goaway-mid-turn': [[{ at: MID_TURN, do: { goAway: 2_000 } }]],
  /** The client must leave every connection within 5 s of the end of its first turn. */
  'goaway-each-turn': [[{ at: { turn: 1 }, do: { goAway: 5_000 } }], 'repeat'],
  /** Gemini fails in the first reply. */
  'internal-error-mid-turn': [[{ at: MID_TURN, do: INTERNAL }]],
  /** The network fails in the first reply. */
  'dropped-mid-turn': [[{ at: MID_TURN, do: 'drop' }]],
  /** The first connection is lost after a turn, and the second refuses the resumption handle. */
  'refused-handle': [[{ at: { turn: 1 }, do: 'drop' }], [{ at: 'setup', do: 'refuse handle' }]],
  /** A frame in the first reply is not JSON. */
  'malformed-frame': [[{ at: MID_TURN, do: { send: '{"serverContent": {"modelTurn": ' } }]],
  /** The first setup is never answered. */
  'silent-connect': [[{ at: 'setup', do: 'silence' }]],
  /** The first connection reads 8 kB/s: a quarter of what a microphone sends. */
  'slow-drain': [[{ at: 'setup', do: { drain: 8_000 } }]],
  /** The quota is exhausted, for all connections. */
  quota: [
    [
      {
        at: 'setup',
        do: { close: 1011, reason: 'RESOURCE_EXHAUSTED: You exceeded your current quota, please check your plan.' },
      },
    ],
    'repeat',
  ],
  /** The model does not exist, for all connections. */
  'model-not-found': [
    [
      {
        at: 'setup',
        do: { close: 1008, reason: 'models/gemini-live is not found for API version v1beta, or is not supported.' },
      },
    ],
    'repeat',
  ],
  /** The first message after setup closes every connection. */
  'bad-request': [
    [{ at: { heard: 1 }, do: { close: 1007, reason: 'Request contains an invalid argument.' } }],
    'repeat',
  ],
  /** The first message is not answered. */
  'no-answer': [reply(1)],
  /** The first message is answered by a turn without anything in it. */
  'empty-turn': [reply(1, { serverContent: END })],
  /** The first message is answered by speech without a sound. */
  'silent-speech': [reply(1, { serverContent: { modelTurn: { parts: [SILENT_SPEECH] } } }, { serverContent: END })],
  /** The first connection rejects its own answers to three messages. */
  rejections: [[1, 2, 3].flatMap((heard) => reply(heard, REJECTED))],
  /** The first message is answered, but the turn is never completed. */
  'unfinished-turn': [
    reply(1, { serverContent: { outputTranscription: { text: 'You are welcome.' }, generationComplete: true } }),
  ],
  /** Gemini closes every connection at once after setup. */
  'closes-at-once': [[{ at: { ms: 0 }, do: INTERNAL }], 'repeat'],
} as const satisfies Record<string, Scenario>;
