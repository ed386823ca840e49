import fc from 'fast-check';
import { downFate, type Fate, upFate } from './fate.ts';
import type { SentKind } from './items.ts';
import type { Way } from './network.ts';
import type { Act } from './scripted-runner.ts';

/** A participant. Each has its own place in the network. */
export type Slot =
  | {
      readonly kind: 'sdk';
      readonly transport: 'auto' | 'sse' | 'poll';
      readonly parallelPosts: number;
    }
  | { readonly kind: 'plain'; readonly way: 'stream' | 'poll' }
  | { readonly kind: 'listener' };

export interface Setup {
  readonly slots: readonly Slot[];
  /** Setting of all SDK clients. */
  readonly isAudio: boolean | undefined;
  readonly logBytes: number;
  readonly logAgeMs: number;
  readonly lingerMs: number;
  /** Seed of all random choices in clients and server. */
  readonly seed: number;
}

/** `who`: the place of a slot, modulo their number. */
export type Step =
  | { readonly do: 'say'; readonly who: number; readonly kind: Exclude<SentKind, 'close'> }
  | { readonly do: 'speak'; readonly who: number; readonly pieces: number }
  | { readonly do: 'act'; readonly acts: readonly Act[] }
  | { readonly do: 'pass'; readonly ms: number }
  /** Sets the treatment of the next requests, in order. */
  | { readonly do: 'fates'; readonly who: number; readonly way: Way; readonly fates: readonly Fate[] }
  /** Sets the treatment of all later requests. */
  | { readonly do: 'weather'; readonly who: number; readonly way: Way; readonly fate: Fate }
  | { readonly do: 'calm' }
  | { readonly do: 'cut' | 'freeze' | 'renew' | 'end session'; readonly who: number }
  | { readonly do: 'restart'; readonly downMs: number }
  | { readonly do: 'shut down'; readonly graceMs: number };

const slot: fc.Arbitrary<Slot> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sdk' as const),
      transport: fc.constantFrom('auto' as const, 'auto' as const, 'sse' as const, 'poll' as const),
      parallelPosts: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('plain' as const),
      way: fc.constantFrom('stream' as const, 'poll' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'listener' as const }) },
);

export const setups: fc.Arbitrary<Setup> = fc.record({
  slots: fc.array(slot, { minLength: 1, maxLength: 4 }),
  isAudio: fc.constantFrom(undefined, true, false),
  logBytes: fc.constantFrom(4 * 1024 * 1024, 150_000, 20_000),
  logAgeMs: fc.constantFrom(120_000, 30_000),
  lingerMs: fc.constantFrom(120_000, 10_000, 2_000),
  seed: fc.nat(),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('writes' as const), pieces: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('speaks' as const),
      ms: fc.constantFrom(20, 100, 500),
      pieces: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('does both' as const), ms: fc.constantFrom(20, 200) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom(
        'hears' as const,
        'calls a tool' as const,
        'cancels a tool' as const,
        'counts tokens' as const,
        'thinks' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom('completes' as const, 'is interrupted' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom('is interrupted and completes' as const, 'fails' as const) }),
  },
);

const who = fc.nat(3);
const ms = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 1_500 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1_500, max: 12_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12_000, max: 140_000 }) },
);
const doing = <Name extends Step['do']>(name: Name) => fc.constant(name);
/** Audio of more than two seconds exceeds the client's buffer. */
const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12, max: 150 }) },
);
const fateOn = { up: upFate, down: downFate };
const fated = (way: Way): fc.Arbitrary<Step> =>
  fc.record({
    do: doing('fates'),
    who,
    way: fc.constant(way),
    fates: fc.array(fateOn[way], { minLength: 1, maxLength: 4 }),
  });
const weather = (way: Way): fc.Arbitrary<Step> =>
  fc.record({ do: doing('weather'), who, way: fc.constant(way), fate: fateOn[way] });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: doing('say'),
      who,
      kind: fc.constantFrom('text', 'text', 'text', 'image', 'interrupt', 'bad'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: doing('speak'), who, pieces }) },
  { weight: 12, arbitrary: fc.record({ do: doing('act'), acts: fc.array(act, { minLength: 1, maxLength: 6 }) }) },
  { weight: 14, arbitrary: fc.record({ do: doing('pass'), ms }) },
  { weight: 6, arbitrary: fated('up') },
  { weight: 5, arbitrary: fated('down') },
  { weight: 2, arbitrary: weather('up') },
  { weight: 3, arbitrary: weather('down') },
  { weight: 2, arbitrary: fc.record({ do: doing('calm') }) },
  { weight: 4, arbitrary: fc.record({ do: doing('cut'), who }) },
  { weight: 2, arbitrary: fc.record({ do: doing('freeze'), who }) },
  { weight: 2, arbitrary: fc.record({ do: doing('renew'), who }) },
  { weight: 1, arbitrary: fc.record({ do: doing('end session'), who }) },
  { weight: 1, arbitrary: fc.record({ do: doing('restart'), downMs: fc.nat(4_000) }) },
  { weight: 1, arbitrary: fc.record({ do: doing('shut down'), graceMs: fc.nat(3_000) }) },
);

export const courses: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 45, size: 'max' });
