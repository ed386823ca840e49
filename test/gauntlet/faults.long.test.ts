import { expect, test } from '@jest/globals';
import { seededRandom } from '../seeded-random.ts';
import type { Outcome } from './converse.ts';
import { openCourse, run } from './course.ts';
import { listFaults } from './gauntlet.ts';
import { direct } from './profiles/direct.ts';
import { openSdk } from './sdk-talker.ts';
import type { Ear, OpenTalker, Talker } from './talker.ts';

/** A fault at the seventh of a series. It receives the previous one and the function that passes things on. */
type Fault = <Thing>(seventh: Thing, sixth: Thing, pass: (thing: Thing) => void) => void;

const FAULTS: Record<string, Fault> = {
  lose: () => undefined,
  double: (seventh, _sixth, pass) => {
    pass(seventh);
    pass(seventh);
  },
  swap: (seventh, sixth, pass) => {
    pass(seventh);
    pass(sixth);
  },
};
const AT = 7;

/** Passes everything on and applies `fault` to the seventh. A swap needs the sixth, which therefore waits. */
function faulty<Thing>(fault: Fault, isSwap: boolean, pass: (thing: Thing) => void): (thing: Thing) => void {
  let count = 0;
  let sixth: Thing;
  return (thing) => {
    count += 1;
    if (isSwap && count === AT - 1) sixth = thing;
    else if (count === AT) fault(thing, sixth, pass);
    else pass(thing);
  };
}

const PLACES = ['audio down', 'words down', 'audio up', 'texts up'] as const;
type Where = (typeof PLACES)[number];

/** Creates the SDK's talker with a fault in one place. */
function withFault(name: string, where: Where): OpenTalker {
  const fault = FAULTS[name] ?? (() => undefined);
  const isSwap = name === 'swap';
  return async (way, profile, userId, ear) => {
    const audioDown = faulty<Uint8Array>(fault, isSwap, (pcm) => ear.audio(pcm));
    const wordsDown = faulty<string>(fault, isSwap, (text) => ear.words(text));
    const bad: Ear = {
      ...ear,
      audio: where === 'audio down' ? audioDown : (pcm) => ear.audio(pcm),
      words: where === 'words down' ? wordsDown : (text) => ear.words(text),
    };
    const talker: Talker = await openSdk(way, profile, userId, bad);
    const audioUp = faulty<Uint8Array>(fault, isSwap, (pcm) => talker.audio(pcm));
    // Skip the first text, which is the hello that starts the conversation and has no number.
    const textsUp = faulty<string>(fault, isSwap, (text) => talker.text(text));
    return {
      text: where === 'texts up' ? textsUp : (text) => talker.text(text),
      audio: where === 'audio up' ? audioUp : (pcm) => talker.audio(pcm),
      get rung() {
        return talker.rung;
      },
      close: () => talker.close(),
    };
  };
}

const COLUMNS = { lose: 'lost', double: 'doubled', swap: 'outOfOrder' } as const;
const planted = (['lose', 'double', 'swap'] as const).flatMap((name) => PLACES.map((where) => ({ name, where })));
const NOTHING = { lost: 0, doubled: 0, outOfOrder: 0, strange: 0 };

// Run all cases at once, because they mostly wait.
test.concurrent.each(planted)(
  'a planted fault ($name one of the $where) is counted in its own column only',
  async ({ name, where }) => {
    await using stack = new AsyncDisposableStack();
    const course = await openCourse(stack);
    const script = { name: 'planted', ms: 1, settleMs: 1_500, random: seededRandom(1) };
    const outcome: Outcome = await run(course, direct, withFault(name, where), script);
    const wrong = { ...NOTHING, [COLUMNS[name]]: 1 };
    const isUp = where.endsWith('up');
    expect(outcome.up).toMatchObject(isUp ? wrong : NOTHING);
    expect(outcome.down).toMatchObject(isUp ? NOTHING : wrong);
    const result = {
      client: 'sdk',
      profile: direct,
      ms: 1,
      greetings: 0,
      outcome,
      usableMs: [outcome.usableMs],
    } as const;
    const { length } = listFaults(result).filter((text) => text.startsWith('1 '));
    expect(length).toBe(1);
  },
  60_000,
);
