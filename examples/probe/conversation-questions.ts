import { Behavior, type LiveServerMessage, Modality } from '@google/genai';
import type { Finding, LiveModel } from './live-model.ts';
import type { LiveSession } from './live-session.ts';
import { RED_PICTURE, sendRecording, sendSilence } from './media.ts';

/** How the questions have to be asked, as found before. */
export interface Manner {
  readonly textAsRealtimeInput: boolean;
  readonly asynchronousTools: boolean;
}

/** Maximum wait for the beginning of an answer, in ms. At the limit the answer is `no answer within 10 s`. */
export const REPLY_LIMIT_MS = 10_000;
export const NO_ANSWER = 'no answer within 10 s';
/** Maximum duration of an answer, in ms. */
export const TURN_LIMIT_MS = 20_000;
/** Time in which a cancelled model would begin another reply, and a model in the background reports its status, in ms. */
const AFTERMATH_MS = 3_000;
/** Maximum number of words of a filler. */
const MAX_FILLER = 4;
/** Time that the model has to receive a picture, in ms. */
const PICTURE_MS = 1_500;

/** Asks whether the model answers in text. */
export function askSpeaksOnly(model: LiveModel, manner: Manner): Promise<Finding> {
  return withoutRefusal(model, async (session) => {
    session.type('Thank you.', manner.textAsRealtimeInput);
    const reply = await session.wait(isReply, REPLY_LIMIT_MS);
    if (session.refusal) return { value: 'yes', seen: session.refusal };
    if (!reply) return { seen: NO_ANSWER };
    return speaks(reply)
      ? { value: 'yes', seen: 'TEXT is answered in speech' }
      : { value: 'no', seen: 'answered in text' };
  });
}

async function withoutRefusal(model: LiveModel, ask: (session: LiveSession) => Promise<Finding>): Promise<Finding> {
  // A transcript of speech makes no sense for text.
  const config = { responseModalities: [Modality.TEXT], outputAudioTranscription: undefined };
  const refusal = await model.findRefusal(config);
  return refusal ? { value: 'yes', seen: `TEXT: ${refusal}` } : model.converse(config, ask);
}

/** Asks twice by client content, because models that take it for history only may answer the first. */
export function askTextAsRealtimeInput(model: LiveModel): Promise<Finding> {
  return model.converse({}, async (session) => {
    session.type('Thank you.', false);
    if (!(await session.wait(isReply, REPLY_LIMIT_MS))) return confirmByRealtimeInput(session, 'client content');
    await session.wait(isTurnComplete, TURN_LIMIT_MS);
    session.type('Thank you again.', false);
    if (await session.wait(isReply, REPLY_LIMIT_MS)) return { value: 'no', seen: 'client content is answered' };
    return confirmByRealtimeInput(session, 'client content after the first turn');
  });
}

/** Asks by realtime input what was not answered by client content: a model that answers neither is silent for another reason. */
async function confirmByRealtimeInput(session: LiveSession, unanswered: string): Promise<Finding> {
  if (session.refusal) return { value: 'yes', seen: `${unanswered}: ${session.refusal}` };
  session.type('Thank you.', true);
  if (await session.wait(isReply, REPLY_LIMIT_MS)) return { value: 'yes', seen: `${unanswered}: ${NO_ANSWER}` };
  return { seen: session.refusal ?? `${unanswered} and realtime input: ${NO_ANSWER}` };
}

/**
 * Sends a recording that ends with `audioStreamEnd`, and then, unless there is an answer, silence.
 * @param onTranscript receives whether the model has sent a transcript of the recording, which nobody has asked for
 */
export function askEndOfAudio(model: LiveModel, onTranscript: (finding: Finding) => void): Promise<Finding> {
  let transcript: string | undefined;
  return model.converse({}, async (session) => {
    const isAnswer = (message: LiveServerMessage) => {
      transcript ??= message.serverContent?.inputTranscription?.text;
      return isReply(message) || message.toolCall !== undefined;
    };
    await sendRecording(session);
    session.send((live) => live.sendRealtimeInput({ audioStreamEnd: true }));
    let finding: Finding = { value: 'stream_end', seen: 'a recording and audioStreamEnd are answered' };
    if (!(await session.wait(isAnswer, REPLY_LIMIT_MS))) {
      const silence = new AbortController();
      void sendSilence(session, silence.signal);
      const reply = await session.wait(isAnswer, REPLY_LIMIT_MS).finally(() => silence.abort());
      finding = reply
        ? { value: 'silence', seen: `after audioStreamEnd ${NO_ANSWER}, after silence an answer` }
        : { seen: session.refusal ?? `${NO_ANSWER}, neither after audioStreamEnd nor after silence` };
    }
    // The transcript may come after the beginning of the reply.
    await session.wait((message) => isAnswer(message) && transcript !== undefined, AFTERMATH_MS);
    if (transcript !== undefined) onTranscript({ value: 'yes', seen: 'one came' });
    else onTranscript(finding.value === undefined ? { seen: NO_ANSWER } : { value: 'no', seen: 'none came' });
    return finding;
  });
}

/** Sends a recording and silence, and asks whether the words arrive before the user has ended. */
export function askInterimTranscripts(model: LiveModel): Promise<Finding> {
  return model.converse({ inputAudioTranscription: {} }, async (session) => {
    await sendRecording(session);
    const silence = new AbortController();
    void sendSilence(session, silence.signal);
    const isInterim = ({ serverContent }: LiveServerMessage) => serverContent?.interimInputTranscription !== undefined;
    const first = await session
      .wait((message) => isInterim(message) || isReply(message), REPLY_LIMIT_MS)
      .finally(() => silence.abort());
    if (!first) return { seen: session.refusal ?? NO_ANSWER };
    return isInterim(first)
      ? { value: 'yes', seen: 'interimInputTranscription came' }
      : { value: 'no', seen: 'the reply came first' };
  });
}

/** Declares a function with a parameter that cannot be guessed, by a JSON schema. */
export function askToolParameters(model: LiveModel, manner: Manner): Promise<Finding> {
  const station = { type: 'string', enum: ['Oslo', 'Lima'] };
  const declaration = {
    name: 'get_weather',
    description: 'Returns the weather at a weather station.',
    parametersJsonSchema: { type: 'object', properties: { station_7: station }, required: ['station_7'] },
    ...(manner.asynchronousTools ? { behavior: Behavior.NON_BLOCKING } : {}),
  };
  return model.converse({ tools: [{ functionDeclarations: [declaration] }] }, async (session) => {
    session.type('Call get_weather for Oslo.', manner.textAsRealtimeInput);
    const called = await session.wait(({ toolCall }) => toolCall !== undefined, REPLY_LIMIT_MS);
    if (!called) return { seen: session.refusal ?? 'no call within 10 s' };
    const args = called.toolCall?.functionCalls?.[0]?.args ?? {};
    return {
      value: 'station_7' in args ? 'json_schema' : 'openapi',
      seen: `for a JSON schema called with ${JSON.stringify(args)}`,
    };
  });
}

/** Asks whether a reply reports the status of its exchange. */
export function askExchanges(model: LiveModel, manner: Manner): Promise<Finding> {
  return model.converse({}, async (session) => {
    session.type('Thank you.', manner.textAsRealtimeInput);
    let answered = false;
    let reported = false;
    const isStatus = (message: LiveServerMessage) => {
      answered ||= isReply(message);
      reported ||= 'interactionStatus' in message || 'interactionStatus' in (message.serverContent ?? {});
      return reported;
    };
    await session.wait((message) => isStatus(message) || isTurnComplete(message), TURN_LIMIT_MS);
    if (!reported) await session.wait(isStatus, AFTERMATH_MS);
    if (reported) return { value: 'background', seen: 'interactionStatus came' };
    if (!answered) return { seen: session.refusal ?? 'no answer within 20 s' };
    return { value: 'single', seen: 'no interactionStatus came' };
  });
}

/** Sends client content without turns during a reply. */
export function askCancel(model: LiveModel, manner: Manner): Promise<Finding> {
  return model.converse({}, async (session) => {
    session.type('Count aloud from one to thirty.', manner.textAsRealtimeInput);
    if (!(await session.wait(isReply, REPLY_LIMIT_MS))) return { seen: session.refusal ?? NO_ANSWER };
    session.send((live) => live.sendClientContent({ turnComplete: true }));
    const end = await session.wait(
      (message) => message.serverContent?.interrupted === true || isTurnComplete(message),
      AFTERMATH_MS,
    );
    if (!end?.serverContent?.interrupted)
      return { value: 'discard', seen: session.refusal ?? 'empty client content does not interrupt' };
    if (await session.wait(isReply, AFTERMATH_MS))
      return { value: 'discard', seen: 'empty client content starts another reply' };
    return session.refusal
      ? { value: 'discard', seen: session.refusal }
      : { value: 'empty_content', seen: 'empty client content interrupts' };
  });
}

/** Completes a turn in which nothing was said. */
export function askEmptyTurn(model: LiveModel, manner: Manner): Promise<Finding> {
  return model.converse({}, async (session) => {
    if (manner.textAsRealtimeInput) session.type(' ', true);
    else session.send((live) => live.sendClientContent({ turnComplete: true }));
    const first = await session.wait(isReply, REPLY_LIMIT_MS);
    if (session.refusal) return { value: 'refused', seen: session.refusal };
    if (!first) return { value: 'none', seen: NO_ANSWER };
    let answer = first.serverContent?.outputTranscription?.text ?? '';
    await session.wait((message) => {
      answer += message.serverContent?.outputTranscription?.text ?? '';
      return isTurnComplete(message);
    }, TURN_LIMIT_MS);
    const words = answer.trim().split(/\s+/);
    return { value: words.length <= MAX_FILLER ? 'filler' : 'answer', seen: `answered "${answer.trim()}"` };
  });
}

/** Sends a red picture as a frame, and then types a question about the picture. */
export function askFrames(model: LiveModel, manner: Manner): Promise<Finding> {
  return model.converse({}, async (session) => {
    session.send((live) => live.sendRealtimeInput({ video: { data: RED_PICTURE, mimeType: 'image/png' } }));
    await session.wait(() => false, PICTURE_MS);
    session.type('Which colour has the picture? Say "none" if there is no picture.', manner.textAsRealtimeInput);
    let answer = '';
    const isEnd = (message: LiveServerMessage) => {
      answer += message.serverContent?.outputTranscription?.text ?? '';
      return isTurnComplete(message);
    };
    await session.wait(isEnd, TURN_LIMIT_MS);
    if (answer === '') return { seen: session.refusal ?? 'no transcript within 20 s' };
    // The emulator names the type of a picture in place of the colour.
    const sees = /\bred\b|\breceived an image\b/i.test(answer);
    return { value: sees ? 'yes' : 'no', seen: `answered "${answer.trim()}"` };
  });
}

export function isTurnComplete({ serverContent }: LiveServerMessage): boolean {
  return serverContent?.turnComplete === true;
}

/** Returns whether a message has a part of an answer, in text or speech. */
function isReply({ serverContent }: LiveServerMessage): boolean {
  return (serverContent?.modelTurn?.parts ?? []).some(
    ({ text, thought, inlineData }) => (text !== undefined && !thought) || inlineData !== undefined,
  );
}

function speaks({ serverContent }: LiveServerMessage): boolean {
  return (serverContent?.modelTurn?.parts ?? []).some(({ inlineData }) => inlineData !== undefined);
}
