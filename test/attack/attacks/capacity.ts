import { Agent, fetch as fetchThrough } from 'undici';
import { quantile } from '../../gauntlet/figures.ts';
import type { Attack } from '../attack.ts';
import { type ConversationFigures, HonestConversation } from '../process/honest-conversation.ts';
import { Program } from '../process/program.ts';
import type { Target } from '../target.ts';

/** Number of sessions that the server has room for. One address gets at most nine tenths of them. */
const CAPACITY = 30;
/** Number of voice conversations, of which the witness has two. The other sessions are silent, and come from other addresses. */
const VOICES = 22;
/** Maximum latency of the accepted conversations under attack, as a multiple of that before, and what a busy machine adds, in ms. */
const MAX_RATIO = 1.5;
const TOLERANCE_MS = 25;
/** Maximum time for a refusal, in ms: refused at once. */
const MAX_REFUSAL_MS = 500;
/** Number of rounds, and duration of each half of one, in ms: without and with the users who ask. */
const ROUNDS = 3;
const ROUND_MS = 3_000;

interface Round {
  readonly alone: readonly ConversationFigures[];
  readonly beside: readonly ConversationFigures[];
  /** Times until users were refused, in ms. */
  readonly refusedMs: readonly number[];
}

/** Load at twice the capacity: what is accepted stays good, and the rest is refused at once. */
export const capacityAttacks: readonly Attack[] = [
  {
    name: 'twice-the-capacity',
    does: `has ${VOICES} voice conversations on a server that is full, while as many users as it has places ask for one all the time`,
    stoppedBy: 'MAX_SESSIONS: 503 at once, with Retry-After',
    settings: {
      MAX_SESSIONS: `${CAPACITY}`,
      // All conversations come from one address, which stands for one user where nobody has to prove who he is.
      RENEW_MS: '600000',
      MAX_USER_SESSIONS: '1000',
      MAX_USER_READERS: '1000',
      MAX_USER_AUDIO_S_PER_MINUTE: '10000',
      MAX_USER_MODEL_CONNECTIONS_PER_MINUTE: '10000',
    },
    async run(target) {
      const url = `http://${target.host}:${target.port}`;
      // Connections that stay open for the next request would count as leaked descriptors of the server.
      const agent = new Agent();
      const throughAgent = ((input: string, init?: object) =>
        fetchThrough(input, { ...init, dispatcher: agent })) as unknown as typeof fetch; // the types of undici and of Node differ in details
      const conversations = Array.from(
        { length: VOICES - 2 },
        (_, index) =>
          new HonestConversation({ url, userId: target.user(index), transport: 'sse', fetch: throughAgent }),
      );
      try {
        await Promise.all(conversations.map((conversation) => conversation.start()));
        for (let index = VOICES; index < CAPACITY; index += 1) {
          const stream = await target.openStream(`/events/${target.user(index)}`, target.address(index));
          await stream?.waitFor('"epoch":"', 3_000);
        }
        const roundMs = Math.max(1_000, ROUND_MS * target.scale);
        await talkFor(roundMs, conversations);
        const rounds: Round[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const alone = await talkFor(roundMs, conversations);
          const knocking = knock(target, roundMs);
          rounds.push({ alone, beside: await talkFor(roundMs, conversations), refusedMs: await knocking });
        }
        report(target, rounds);
      } finally {
        for (const conversation of conversations) conversation.close();
        await agent.destroy();
      }
    },
  },
];

async function talkFor(ms: number, conversations: readonly HonestConversation[]): Promise<ConversationFigures[]> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return Promise.all(conversations.map((conversation) => conversation.takeFigures()));
}

/** As many users as there are places ask for one ten times a second each. @returns the times until they were refused, in ms */
async function knock(target: Target, ms: number): Promise<number[]> {
  const knockers = new Program('knockers.ts', [`${target.port}`, `${CAPACITY}`, `${ms}`]);
  try {
    const { refusedMs, complaints } = (await knockers.nextMessage()) as { refusedMs: number[]; complaints: string[] };
    for (const complaint of complaints) target.complain(complaint);
    return refusedMs;
  } finally {
    await knockers.kill();
  }
}

function report(target: Target, rounds: readonly Round[]): void {
  // The median of the conversations, and then of the rounds: a busy machine disturbs some of them.
  const p99 = (figures: readonly ConversationFigures[]) => median(figures.map(({ p99Ms = 0 }) => p99Ms));
  const alone = median(rounds.map((round) => p99(round.alone)));
  const beside = median(rounds.map((round) => p99(round.beside)));
  const refusedMs = rounds.flatMap((round) => round.refusedMs);
  const refusal = quantile(refusedMs, 0.99) ?? 0;
  const ratio = alone > 0 ? beside / alone : 0;
  target.note(
    `P99 of ${VOICES - 2} accepted conversations: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside (${ratio.toFixed(2)} times); ${refusedMs.length} refusals, p99 ${refusal.toFixed(1)} ms`,
  );
  if (beside > alone * MAX_RATIO + TOLERANCE_MS)
    target.complain(`accepted conversations became ${ratio.toFixed(1)} times as slow`);
  if (refusal > MAX_REFUSAL_MS) target.complain(`a refusal took ${Math.round(refusal)} ms`);
  const lost = rounds
    .flatMap((round) => round.beside)
    .reduce((total, figures) => total + figures.lost + figures.doubled + figures.outOfOrder, 0);
  if (lost > 0) target.complain(`${lost} items of accepted conversations were lost, doubled or out of order`);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5) ?? 0;
}
