import { Behavior, type FunctionCall, type FunctionResponse, type LiveServerMessage } from '@google/genai';
import { type Manner, NO_ANSWER, REPLY_LIMIT_MS } from './conversation-questions.ts';
import type { Finding, LiveModel } from './live-model.ts';
import type { LiveSession } from './live-session.ts';
import { RED_PICTURE } from './media.ts';

/** Time in which the model closes on a result, or calls again, in ms. */
const REACTION_MS = 5_000;

/** Asks whether a result may carry a picture. */
export function askResultMedia(model: LiveModel, manner: Manner): Promise<Finding> {
  const parts = [{ inlineData: { mimeType: 'image/png', data: RED_PICTURE } }];
  return answerCall(model, manner, { response: { result: 'see the picture' }, parts }, async (session) => {
    await session.wait(() => false, REACTION_MS);
    return session.refusal
      ? { value: 'no image/png', seen: session.refusal }
      : { value: 'image/png', seen: 'a result with a PNG is accepted' };
  });
}

/** Asks whether a result may say when the model reacts to it. */
export function askScheduling(model: LiveModel, manner: Manner): Promise<Finding> {
  const scheduling = 'WHEN_IDLE' as FunctionResponse['scheduling'];
  // The field means nothing for a function that blocks the conversation.
  const nonBlocking = { ...manner, asynchronousTools: true };
  return answerCall(model, nonBlocking, { response: { result: 'six' }, scheduling }, async (session) => {
    await session.wait(() => false, REACTION_MS);
    return session.refusal
      ? { value: 'closes', seen: session.refusal }
      : { value: 'does not close', seen: 'a result with scheduling is accepted' };
  });
}

/** Asks whether an empty result makes the model call again. */
export function askRepeatsEmptyResults(model: LiveModel, manner: Manner): Promise<Finding> {
  return answerCall(model, manner, { response: {} }, async (session) => {
    const again = await session.wait(hasCall, REACTION_MS);
    if (session.refusal) return { seen: session.refusal };
    return again ? { value: 'yes', seen: 'called again' } : { value: 'no', seen: 'called once' };
  });
}

/** Has the model call a function, and answers. */
function answerCall(
  model: LiveModel,
  manner: Manner,
  result: FunctionResponse,
  observe: (session: LiveSession) => Promise<Finding>,
): Promise<Finding> {
  const declaration = {
    name: 'roll_dice',
    description: 'Rolls a die.',
    ...(manner.asynchronousTools ? { behavior: Behavior.NON_BLOCKING } : {}),
  };
  return model.converse({ tools: [{ functionDeclarations: [declaration] }] }, async (session) => {
    session.type('Call roll_dice.', manner.textAsRealtimeInput);
    const called = await session.wait(hasCall, REPLY_LIMIT_MS);
    const call: FunctionCall | undefined = called?.toolCall?.functionCalls?.[0];
    if (!call) return { seen: session.refusal ?? `no call: ${NO_ANSWER}` };
    const { id = '', name = '' } = call;
    session.send((live) => live.sendToolResponse({ functionResponses: [{ id, name, ...result }] }));
    return observe(session);
  });
}

function hasCall({ toolCall }: LiveServerMessage): boolean {
  return toolCall !== undefined;
}
