import { setTimeout as delay } from 'node:timers/promises';
import { type Account, addAccounts, createLedger } from './ledger.ts';
import type { Conversation, NumberedModel } from './numbered-model.ts';
import { BLOCK_MS, createBlockReader, encodeBlock, HEARD_HZ, SPOKEN_HZ } from './numbers.ts';
import { createPlayback } from './playback.ts';
import type { Profile, Way } from './profile.ts';
import type { Ear, OpenTalker, Talker } from './talker.ts';

/** Measurements of a conversation. All times are in ms. */
export interface Outcome {
  readonly rung: string;
  /** Time from the client's first line to the end of the first answer. Undefined if the answer never completed. */
  readonly usableMs: number | undefined;
  /** Duration of an empty request through the network, on a new connection. */
  readonly floorMs: number;
  /** Transit time of each block of audio, from the model to the client and back. */
  readonly downMs: readonly number[];
  readonly upMs: readonly number[];
  readonly dry: { readonly count: number; readonly ms: number };
  readonly down: Account;
  readonly up: Account;
  /** Number of blocks that the client reported as dropped. */
  readonly announced: number;
  /** Number of damaged bytes of audio. */
  readonly strayBytes: number;
}

export interface Script {
  readonly name: string;
  /** Duration of the conversation, in ms. The minimum is one utterance and one silence. */
  readonly ms: number;
  /** Maximum wait for data in transit, in ms. */
  readonly settleMs: number;
  readonly random: () => number;
}

/** Duration of an utterance, in ms. */
const UTTERANCE_MS = 3_000;
/** Duration of a silence that exceeds the idle limits of the profiles (3 and 4 s), in ms, and its random addition. */
const SILENCE_MS = 4_400;
const MORE_SILENCE_MS = 8_000;
/** Interval between typed messages while both sides speak, in blocks. */
const TYPED_EVERY = 6;
/** Maximum wait for the first answer before the conversation is given up, in ms. */
const FIRST_ANSWER_MS = 30_000;
/** Wait for duplicates after everything has arrived, in ms: longer than the interval after which an unanswered POST is repeated. */
const DOUBLES_MS = 2_500;
/** Number of new connections of which the fastest counts. More are opened if none gets through. */
const FLOOR_TRIES = 3;
const MOST_FLOOR_TRIES = 12;

/**
 * Carries a conversation through a profile. Both sides speak at the same time and type, are silent, and speak again. Everything is
 * numbered and counted at both ends.
 */
export async function converse(
  open: OpenTalker,
  profile: Profile,
  way: Way,
  model: NumberedModel,
  { name, ms, settleMs, random }: Script,
): Promise<Outcome> {
  const floorMs = await measureFloor(way);
  const ear = createListener();
  const askedAt = performance.now();
  const talker = await open(way, profile, name, ear);
  const { openedAt: startedAt = askedAt } = talker;
  let usableMs: number | undefined;
  let sentBlocks = 0;
  let sentTexts = 0;
  const { blockEveryMs = BLOCK_MS } = profile;
  try {
    if (await greet(talker, name, ear)) usableMs = performance.now() - startedAt;
    const blocks = Math.ceil(UTTERANCE_MS / blockEveryMs);
    let isFirst = true;
    while (usableMs !== undefined && (isFirst || performance.now() - startedAt < ms)) {
      isFirst = false;
      talker.text(`speak ${++sentTexts} ${blocks} ${blockEveryMs}`);
      const began = performance.now();
      for (let block = 0; block < blocks; block += 1) {
        if (block % TYPED_EVERY === 0) talker.text(`say ${++sentTexts}`);
        talker.audio(encodeBlock({ number: ++sentBlocks, sentAt: performance.now() }, HEARD_HZ));
        await delay(Math.max(0, began + (block + 1) * blockEveryMs - performance.now()));
      }
      await delay(SILENCE_MS + (ms > 2 * SILENCE_MS ? random() * MORE_SILENCE_MS : 0));
    }
    if (usableMs !== undefined) {
      talker.text(`say ${++sentTexts}`);
      await until(settleMs, () => isComplete(model.conversation(name), ear, sentBlocks, sentTexts));
      // Wait for duplicates, which arrive later.
      await delay(DOUBLES_MS);
    }
    const { rung } = talker;
    return { rung, usableMs, floorMs, ...ear.figures, ...tally(model.conversation(name), ear, sentBlocks, sentTexts) };
  } finally {
    await talker.close();
  }
}

/** Measures the time until a new client is usable, in ms, as in `Outcome`. The client sends only hello. */
export async function timeToUsable(open: OpenTalker, profile: Profile, way: Way, name: string) {
  const ear = createListener();
  const askedAt = performance.now();
  const talker = await open(way, profile, name, ear);
  try {
    const { openedAt = askedAt } = talker;
    return (await greet(talker, name, ear)) ? performance.now() - openedAt : undefined;
  } finally {
    await talker.close();
  }
}

/** Waits for the first answer. @returns whether it completed in time */
async function greet(talker: Talker, name: string, ear: Listener): Promise<boolean> {
  talker.text(`hello ${name}`);
  await until(FIRST_ANSWER_MS, () => ear.turns > 0);
  return ear.turns > 0;
}

interface Listener extends Ear {
  readonly blocks: ReturnType<typeof createLedger>;
  readonly texts: ReturnType<typeof createLedger>;
  readonly turns: number;
  readonly droppedUp: number;
  readonly droppedDown: number;
  readonly strayBytes: number;
  readonly figures: Pick<Outcome, 'downMs' | 'dry'>;
}

function createListener(): Listener {
  const reader = createBlockReader(SPOKEN_HZ);
  const playback = createPlayback();
  const blocks = createLedger();
  const texts = createLedger();
  const downMs: number[] = [];
  const droppedMs = { up: 0, down: 0 };
  let turns = 0;
  let said = '';
  return {
    audio(pcm, at = performance.now()) {
      for (const block of reader.feed(pcm)) {
        blocks.take(block.number);
        downMs.push(at - block.sentAt);
        playback.take(block, at);
      }
    },
    words(text) {
      said += text;
      const words = said.split(' ');
      said = words.pop() ?? '';
      for (const word of words) texts.take(Number(word.slice(1)));
    },
    turnComplete() {
      turns += 1;
      playback.end();
    },
    dropped(direction, ms) {
      droppedMs[direction] += ms;
    },
    blocks,
    texts,
    get turns() {
      return turns;
    },
    get droppedUp() {
      return Math.round(droppedMs.up / BLOCK_MS);
    },
    get droppedDown() {
      return Math.round(droppedMs.down / BLOCK_MS);
    },
    get strayBytes() {
      return reader.strayBytes;
    },
    get figures() {
      return { downMs, dry: playback.dry };
    },
  };
}

function isComplete(model: Conversation | undefined, ear: Listener, blocks: number, texts: number): boolean {
  if (!model) return false;
  return (
    model.heardTexts.taken >= texts &&
    model.heardBlocks.taken + ear.droppedUp >= blocks &&
    ear.texts.taken >= model.spokenTexts &&
    ear.blocks.taken + ear.droppedDown >= model.spokenBlocks
  );
}

function tally(model: Conversation | undefined, ear: Listener, blocks: number, texts: number) {
  model?.heardBlocks.announce(ear.droppedUp);
  ear.blocks.announce(ear.droppedDown);
  const heard = model ?? { heardBlocks: createLedger(), heardTexts: createLedger(), heardMs: [], strayBytes: 0 };
  return {
    upMs: heard.heardMs,
    up: addAccounts([heard.heardBlocks.close(blocks), heard.heardTexts.close(texts)]),
    down: addAccounts([ear.blocks.close(model?.spokenBlocks ?? 0), ear.texts.close(model?.spokenTexts ?? 0)]),
    announced: ear.droppedUp + ear.droppedDown,
    strayBytes: heard.strayBytes + ear.strayBytes,
  };
}

async function measureFloor({ url, fetch: through = fetch }: Way): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (
    let attempt = 0;
    attempt < FLOOR_TRIES || (least === Number.POSITIVE_INFINITY && attempt < MOST_FLOOR_TRIES);
    attempt += 1
  ) {
    const askedAt = performance.now();
    const answer = await through(`${url}/healthz`, { headers: { Connection: 'close' } }).catch(() => undefined);
    if (answer?.ok) {
      await answer.text();
      least = Math.min(least, performance.now() - askedAt);
    }
  }
  return least;
}

async function until(ms: number, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition() && performance.now() < deadline) await delay(10);
}
