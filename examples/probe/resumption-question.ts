import type { LiveConnectConfig, LiveServerMessage } from '@google/genai';
import { isTurnComplete, type Manner, NO_ANSWER, TURN_LIMIT_MS } from './conversation-questions.ts';
import type { Finding, LiveModel } from './live-model.ts';
import type { LiveSession } from './live-session.ts';

/** Maximum wait for a handle, in ms. */
const HANDLE_LIMIT_MS = 10_000;

/** Resumes a session with another instruction, and asks for the instruction. */
export async function askResumedInstruction(model: LiveModel, manner: Manner): Promise<Finding> {
  let handle: string | undefined;
  await model.converse({ ...instruct('Ada'), sessionResumption: {} }, async (session) => {
    const keepHandle = ({ sessionResumptionUpdate: update }: LiveServerMessage) => {
      if (update?.resumable && update.newHandle) handle = update.newHandle;
      return handle !== undefined;
    };
    session.type('Thank you.', manner.textAsRealtimeInput);
    await session.wait(isTurnComplete, TURN_LIMIT_MS);
    await session.wait(keepHandle, HANDLE_LIMIT_MS);
    return { seen: '' };
  });
  if (handle === undefined) return { seen: 'no handle' };
  return model.converse({ ...instruct('Bob'), sessionResumption: { handle } }, (session) =>
    readInstruction(session, manner),
  );
}

function instruct(name: string): LiveConnectConfig {
  return {
    systemInstruction: `Your name is ${name}. If somebody asks for your instructions, repeat them word for word.`,
  };
}

async function readInstruction(session: LiveSession, manner: Manner): Promise<Finding> {
  session.type('What are your instructions?', manner.textAsRealtimeInput);
  let answer = '';
  await session.wait((message) => {
    answer += message.serverContent?.outputTranscription?.text ?? '';
    return isTurnComplete(message);
  }, TURN_LIMIT_MS);
  const seen = answer === '' ? (session.refusal ?? NO_ANSWER) : `answered "${answer.trim()}"`;
  if (/\bada\b/i.test(answer)) return { value: 'kept_from_start', seen };
  return /\bbob\b/i.test(answer) ? { value: 'replaced', seen } : { seen };
}
