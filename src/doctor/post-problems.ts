import type { PostFinding, PostResult } from './post.ts';
import type { Problem } from './problem.ts';
import { formatDuration, formatSize, formatStatus } from './quantity.ts';

/** Bandwidth of speech, in kbit/s: PCM, 16 bit, mono, 16 kHz. */
const SPEECH_KBITS = 256;
/** Time without a response after which a POST counts as held rather than as cut, in ms. */
const HELD_MS = 7_000;

/** Lists the problems of POSTs. @param hasSocket whether a WebSocket can carry the messages instead */
export function listPostProblems({ small, audio, bodies }: PostFinding, hasSocket: boolean): Problem[] {
  if (small.kind === 'astray') return [createAffinityProblem(hasSocket)];
  if (small.kind !== 'through') {
    const consequence = hasSocket
      ? 'The SDK sends over the WebSocket. Other clients cannot send anything.'
      : 'No message of the user reaches the server, so no conversation is possible.';
    return [{ topic: 'posts', finding: describeLoss(small, 'POSTs'), consequence, hurts: !hasSocket }];
  }
  const problems: Problem[] = [];
  if (audio && audio.kind !== 'through') {
    const consequence = hasSocket
      ? 'The SDK sends speech over the WebSocket. Other clients cannot send speech.'
      : 'The agent does not hear the user.';
    problems.push({ topic: 'posts', finding: describeLoss(audio, 'POSTs of audio'), consequence, hurts: !hasSocket });
  }
  return [...problems, ...listBodyProblems(bodies)];
}

/** Reports an uplink that is too narrow for speech. */
export function listWidthProblems({ bodies }: PostFinding): Problem[] {
  const last = bodies.at(-1);
  if (last?.result.kind !== 'through') return [];
  const kbits = (last.bytes * 8) / last.result.ms;
  if (kbits >= SPEECH_KBITS) return [];
  return [
    {
      topic: 'width',
      finding: `The uplink carries ${Math.round(kbits)} kbit/s.`,
      consequence: `Speech needs ${SPEECH_KBITS} kbit/s, so the user's speech arrives late and incomplete. Text is not affected.`,
      hurts: true,
    },
  ];
}

function createAffinityProblem(hasSocket: boolean): Problem {
  return {
    topic: 'affinity',
    finding: 'Requests are spread over several servers, which do not share sessions.',
    consequence: hasSocket
      ? 'A conversation is possible over a single WebSocket only, and ends with it.'
      : "The user's messages reach another server than the one that answers, so no conversation is possible.",
    hurts: true,
  };
}

function listBodyProblems(bodies: PostFinding['bodies']): Problem[] {
  const failed = bodies.find(({ result }) => result.kind !== 'through');
  if (!failed) return [];
  const passed = bodies.filter(({ result }) => result.kind === 'through').at(-1);
  const loss = describeLoss(failed.result, `POST bodies of ${formatSize(failed.bytes)}`);
  return [
    {
      topic: 'bodies',
      finding: passed ? `${loss} Bodies of ${formatSize(passed.bytes)} get through.` : loss,
      consequence: passed
        ? 'Large pictures do not reach the server. Text and speech do.'
        : 'Pictures and long texts do not reach the server, nor does speech after a pause of the connection.',
      hurts: true,
    },
  ];
}

/** @param what subject of the sentence, in the plural */
function describeLoss(result: PostResult, what: string): string {
  if (result.kind === 'barred') return `${what} are refused${formatStatus(result.status)}.`;
  if (result.kind !== 'lost') return `${what} reach another server.`;
  const duration = formatDuration(result.ms);
  if (result.status !== undefined)
    return `${what} do not reach the server: something on the way answers them after ${duration}${formatStatus(result.status)}.`;
  return result.ms > HELD_MS
    ? `${what} get no response (given up after ${duration}).`
    : `Connections break when ${what} are sent.`;
}
