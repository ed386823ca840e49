import type { Scenario } from './scenario.ts';

const INTERNAL = { close: 1011, reason: 'Internal error encountered.' } as const;
/** A few words, or some 120 ms of speech, into the reply. */
const MID_TURN = { frame: 3 } as const;

/** Ready-made troubles, by the name that `--scenario` takes. */
export const SCENARIOS = {
  /** The connection must end within 2 s of the beginning of the first reply. */
  'goaway-mid-turn': [[{ at: MID_TURN, do: { goAway: 2_000 } }]],
  /** Each connection must end within 5 s of its first turn's end. */
  'goaway-each-turn': [[{ at: { turn: 1 }, do: { goAway: 5_000 } }], 'repeat'],
  /** Gemini fails in the first reply. */
  'internal-error-mid-turn': [[{ at: MID_TURN, do: INTERNAL }]],
  /** The network fails in the first reply. */
  'dropped-mid-turn': [[{ at: MID_TURN, do: 'drop' }]],
  /** The first connection is lost after a turn, and the second is not let resume. */
  'refused-handle': [[{ at: { turn: 1 }, do: 'drop' }], [{ at: 'setup', do: 'refuse handle' }]],
  /** A frame in the first reply is no JSON. */
  'malformed-frame': [[{ at: MID_TURN, do: { send: '{"serverContent": {"modelTurn": ' } }]],
  /** The first setup is never answered. */
  'silent-connect': [[{ at: 'setup', do: 'silence' }]],
  /** The first connection reads 8 kB/s: a quarter of what a microphone sends. */
  'slow-drain': [[{ at: 'setup', do: { drain: 8_000 } }]],
  /** The quota is used up, for all connections. */
  quota: [
    [
      {
        at: 'setup',
        do: { close: 1011, reason: 'RESOURCE_EXHAUSTED: You exceeded your current quota, please check your plan.' },
      },
    ],
    'repeat',
  ],
  /** No connection finds the model. */
  'model-not-found': [
    [
      {
        at: 'setup',
        do: { close: 1008, reason: 'models/gemini-live is not found for API version v1beta, or is not supported.' },
      },
    ],
    'repeat',
  ],
  /** Each connection is ended by the first message. */
  'bad-request': [
    [{ at: { heard: 1 }, do: { close: 1007, reason: 'Request contains an invalid argument.' } }],
    'repeat',
  ],
  /** Each connection opens, and is closed at once. */
  'closes-at-once': [[{ at: { ms: 0 }, do: INTERNAL }], 'repeat'],
} as const satisfies Record<string, Scenario>;
