import type { AgentEvent } from '../wire/agent-event.ts';

/**
 * Why a model ended its turn without the answer that was asked for, in our words.
 * @see https://ai.google.dev/api/live#TurnCompleteReason
 */
const FAILURES: ReadonlyMap<string, string> = new Map([
  ['MALFORMED_FUNCTION_CALL', 'The model made a function call that is not valid'],
  ['MAX_REGENERATION_REACHED', 'The model began its answer anew too often'],
  ['RESPONSE_REJECTED', 'The model rejected its own answer'],
  ['PROHIBITED_INPUT_CONTENT', 'What was asked is prohibited'],
  ['IMAGE_PROHIBITED_INPUT_CONTENT', 'The picture that was sent is prohibited'],
  ['INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED', 'The text that was sent names a prominent person'],
  ['INPUT_IMAGE_CELEBRITY', 'The picture that was sent shows a celebrity'],
  ['INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED', 'The picture that was sent shows a child'],
  ['INPUT_TEXT_NCII_PROHIBITED', 'The text that was sent asks for intimate content'],
  ['INPUT_OTHER', 'What was asked is not safe to answer'],
  ['INPUT_IP_PROHIBITED', 'What was asked infringes intellectual property'],
  ['BLOCKLIST', 'What was asked holds a blocked word'],
  ['UNSAFE_PROMPT_FOR_IMAGE_GENERATION', 'What was asked is not safe to make a picture of'],
  ['GENERATED_IMAGE_SAFETY', 'The picture that was made is not safe'],
  ['GENERATED_CONTENT_SAFETY', 'The answer is not safe'],
  ['GENERATED_AUDIO_SAFETY', 'The speech that was made is not safe'],
  ['GENERATED_VIDEO_SAFETY', 'The video that was made is not safe'],
  ['GENERATED_CONTENT_PROHIBITED', 'The answer is prohibited'],
  ['GENERATED_CONTENT_BLOCKLIST', 'The answer holds a blocked word'],
  ['GENERATED_IMAGE_PROHIBITED', 'The picture that was made is prohibited'],
  ['GENERATED_IMAGE_CELEBRITY', 'The picture that was made shows a celebrity'],
  ['GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER', 'The picture would show prominent people'],
  ['GENERATED_IMAGE_IDENTIFIABLE_PEOPLE', 'The picture that was made shows people who can be identified'],
  ['GENERATED_IMAGE_MINORS', 'The picture that was made shows minors'],
  ['OUTPUT_IMAGE_IP_PROHIBITED', 'The picture that was made infringes intellectual property'],
  ['GENERATED_OTHER', 'The answer was withheld'],
]);

/** It ended the turn as it should. */
const NORMAL = 'NEED_MORE_INPUT';

/**
 * What the event that ends a turn says of the reason. One that this list does not know, of a model that is newer than it, is an error only
 * where the turn brought nothing: then somebody waits for an answer that will not come.
 * @param answered something of the answer came
 */
export function toldReason(
  reason: string,
  answered: boolean,
): Pick<AgentEvent, 'turnCompleteReason' | 'errorCode' | 'errorMessage'> {
  const failure = FAILURES.get(reason) ?? (answered || reason === NORMAL ? undefined : 'The model gave no answer');
  return {
    turnCompleteReason: reason,
    ...(failure === undefined ? {} : { errorCode: reason, errorMessage: failure }),
  };
}
