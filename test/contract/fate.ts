import fc from 'fast-check';

/** Treatment of a request by the network. Every kind was observed on real proxies and networks. */
export interface Fate {
  /** Delay on the way to the server, in ms. */
  readonly delayMs: number;
  readonly request:
    | 'passes'
    /** The line breaks before the server hears of it. */
    | 'lost'
    /** The network swallows the request: the client gets no response and no end. */
    | 'hangs'
    /** The server gets half of its body. */
    | 'torn'
    /** A proxy answers for the server: 502, 403. */
    | 'bad gateway'
    | 'forbidden'
    /** A captive portal answers: 200, with a page. */
    | 'portal';
  readonly answer: AnswerFate;
  /** Delay of the whole response, in ms. */
  readonly answerDelayMs: number;
  /** The request comes to the server again, so much later, ms, and that answer goes nowhere. */
  readonly againMs: number | undefined;
  /** The server is not told when the client gives up. */
  readonly deaf: boolean;
}

export type AnswerFate =
  | 'passes'
  /** The line breaks in the place of an answer. */
  | 'swallowed'
  /** The network holds the response until it is complete. */
  | 'buffered'
  /** The network delivers each chunk together with the next one. */
  | 'lagging'
  /**
   * The network cuts the response after this number of bytes, delivers nothing more without notice, or ends the body as if it
   * were complete.
   */
  | { readonly after: number; readonly ending: 'cut' | 'freeze' | 'end' }
  /** The network does the same after this time, in ms. */
  | { readonly livesMs: number; readonly ending: 'cut' | 'end' }
  /** The network delivers this number of bytes per second. */
  | { readonly bytesPerSecond: number }
  /** The network delays each chunk by this time, in ms. */
  | { readonly chunkMs: number };

export const GOOD: Fate = {
  delayMs: 0,
  request: 'passes',
  answer: 'passes',
  answerDelayMs: 0,
  againMs: undefined,
  deaf: false,
};

const shortMs = fc.integer({ min: 1, max: 400 });
const longMs = fc.integer({ min: 400, max: 12_000 });
const anyMs = fc.oneof({ weight: 3, arbitrary: shortMs }, { weight: 1, arbitrary: longMs });
const rarely = fc.integer({ min: 0, max: 7 }).map((number) => number === 7);

function fates(arbitrary: { [Key in keyof Fate]?: fc.Arbitrary<Fate[Key]> }): fc.Arbitrary<Fate> {
  return fc.record({
    delayMs: fc.constant(0),
    request: fc.constant<Fate['request']>('passes'),
    answer: fc.constant<AnswerFate>('passes'),
    answerDelayMs: fc.constant(0),
    againMs: fc.constant<number | undefined>(undefined),
    deaf: rarely,
    ...arbitrary,
  });
}

const failing = fates({
  request: fc.constantFrom<Fate['request']>('lost', 'hangs', 'torn', 'bad gateway', 'forbidden', 'portal'),
  delayMs: shortMs,
});

/** Treatment of a POST. */
export const upFate: fc.Arbitrary<Fate> = fc.oneof(
  fates({ delayMs: anyMs }),
  fates({ delayMs: shortMs, answerDelayMs: anyMs }),
  fates({ answer: fc.constant<AnswerFate>('swallowed') }),
  fates({ answer: fc.record({ after: fc.nat(30), ending: fc.constantFrom('cut' as const, 'freeze' as const) }) }),
  fates({ delayMs: shortMs, againMs: anyMs }),
  fates({ againMs: anyMs, answer: fc.constant<AnswerFate>('swallowed') }),
  failing,
);

const bytes = fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 900, max: 40_000 }));
/** Treatment of a request for events. */
export const downFate: fc.Arbitrary<Fate> = fc.oneof(
  fates({ delayMs: anyMs }),
  fates({ answerDelayMs: anyMs }),
  fates({ answer: fc.constantFrom<AnswerFate>('swallowed', 'buffered', 'lagging') }),
  fates({
    answer: fc.record({ after: bytes, ending: fc.constantFrom('cut' as const, 'freeze' as const, 'end' as const) }),
  }),
  fates({
    answer: fc.record({
      livesMs: fc.integer({ min: 200, max: 20_000 }),
      ending: fc.constantFrom('cut' as const, 'end' as const),
    }),
  }),
  fates({ answer: fc.record({ bytesPerSecond: fc.integer({ min: 500, max: 50_000 }) }) }),
  fates({ answer: fc.record({ chunkMs: fc.constantFrom(20, 207, 2_000) }) }),
  fates({ againMs: anyMs }),
  failing,
);
