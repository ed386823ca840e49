import type { Complaint } from './complaint.ts';
import type { Carried, PostFinding } from './post.ts';
import { size, time, withStatus } from './quantity.ts';

/** PCM, 16 bit, mono, 16 kHz. */
const SPEECH_KBITS = 256;

/** What becomes of POSTs. @param overSocket a WebSocket carries what they do not */
export function complaintsOfPosts({ small, audio, bodies }: PostFinding, overSocket: boolean): Complaint[] {
  const silenced = overSocket
    ? 'The SDK sends over the WebSocket; others cannot say anything.'
    : 'Nothing that the user says gets to the server: no conversation is possible.';
  if (small.kind === 'astray') {
    return [
      {
        topic: 'affinity',
        does: 'spreads requests over several servers, which do not know each other’s sessions',
        means: overSocket
          ? 'Only over one WebSocket is a conversation possible, and only until it is cut.'
          : 'What the user says gets to another server than the one that answers: no conversation is possible.',
        hurts: true,
      },
    ];
  }
  if (small.kind !== 'through')
    return [{ topic: 'posts', does: howLost(small, 'POSTs'), means: silenced, hurts: !overSocket }];
  const complaints: Complaint[] = [];
  if (audio && audio.kind !== 'through') {
    const means = overSocket ? 'The SDK sends speech over the WebSocket; others cannot.' : 'The agent hears nothing.';
    complaints.push({ topic: 'posts', does: howLost(audio, 'POSTs of audio'), means, hurts: !overSocket });
  }
  const failed = bodies.find(({ carried }) => carried.kind !== 'through');
  if (failed) {
    const passed = bodies.filter(({ carried }) => carried.kind === 'through').at(-1);
    const isSmall = passed === undefined;
    complaints.push({
      topic: 'bodies',
      does:
        howLost(failed.carried, `POST bodies of ${size(failed.bytes)}`) +
        (passed ? `; ${size(passed.bytes)} pass` : ''),
      means: isSmall
        ? 'Pictures and long texts do not get to the server, nor does speech after a pause of the line.'
        : 'Large pictures do not get to the server; text and speech do.',
      hurts: true,
    });
  }
  return complaints;
}

/** Whether speech is too wide for the way up. */
export function complaintOfWidth({ bodies }: PostFinding): Complaint | undefined {
  const [{ bytes, carried } = { bytes: 0, carried: undefined }] = bodies.slice(-1);
  if (carried?.kind !== 'through') return undefined;
  const kbits = (bytes * 8) / carried.ms;
  if (kbits >= SPEECH_KBITS) return undefined;
  return {
    topic: 'width',
    does: `carries ${Math.round(kbits)} kbit/s up`,
    means: `Speech takes ${SPEECH_KBITS}: what the user says arrives late, and in part not at all. Text is not concerned.`,
    hurts: true,
  };
}

function howLost(carried: Carried, what: string): string {
  if (carried.kind === 'barred') return `refuses ${what}${withStatus(carried.status)}`;
  if (carried.kind !== 'lost') return `leads ${what} astray`;
  if (carried.status !== undefined)
    return `answers ${what} itself, after ${time(carried.ms)}${withStatus(carried.status)}`;
  return carried.ms > 7_000
    ? `lets ${what} wait without an answer (given up after ${time(carried.ms)})`
    : `breaks connections off at ${what}`;
}
