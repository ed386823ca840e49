import { serveLoad } from './load.ts';

/** Size of 40 ms of PCM at 24 kHz, in bytes: 2,560 characters of base64. */
export const PIECE_BYTES = (24_000 / 25) * 2;
/** Number of pieces in an answer: ten seconds of speech. */
export const PIECES = 250;
/** Request to the upstream to answer at once. */
export const AT_ONCE = 'at once';
export const APART = 'apart';
/** Number of answers after which the code is fully compiled. */
const WARM_UP_ANSWERS = 200;

export interface Listened {
  readonly messages: number;
  /** CPU time of the whole process, garbage collection included, in µs. */
  readonly cpuUs: number;
}

/** Extracts the speech from the data that a program receives. */
export interface Listener {
  hear(base64: string): void;
  turnComplete(): void;
}

/**
 * The side of a program that listens: has the upstream of `speech-upstream.ts` answer again and again.
 * @param how AT_ONCE or APART
 * @param open connects, tells `listener` what comes, and gives what asks for an answer
 */
export async function serveListening(
  how: string,
  open: (listener: Listener) => Promise<(text: string) => void>,
): Promise<void> {
  let messages = 0;
  let characters = 0;
  let onTurnComplete = () => {};
  const ask = await open({
    hear(base64) {
      messages += 1;
      characters += base64.length;
    },
    turnComplete: () => onTurnComplete(),
  });
  const listen = async (text: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    onTurnComplete = resolve;
    ask(text);
    await promise;
  };
  for (let answers = 0; answers < WARM_UP_ANSWERS; answers += 1) await listen(AT_ONCE);
  serveLoad<Listened>(async (ms) => {
    messages = 0;
    characters = 0;
    let answers = 0;
    const before = process.cpuUsage();
    for (const until = performance.now() + ms; performance.now() < until; answers += 1) await listen(how);
    const { user, system } = process.cpuUsage(before);
    const isWhole = messages === answers * PIECES && characters === (messages * PIECE_BYTES * 4) / 3;
    if (!isWhole) throw new Error(`${messages} pieces with ${characters} characters came of ${answers} answers`);
    return { messages, cpuUs: user + system };
  });
}
