import type { TurnEnd } from '../realtime-model.ts';
import { isEnumName } from './enum-name.ts';

/**
 * Reasons for which a model ends its turn without the answer that was asked for, each with a sentence for `errorMessage`.
 * @see https://ai.google.dev/api/live#TurnCompleteReason
 */
const FAILURES: ReadonlyMap<string, string> = new Map([
  ['MALFORMED_FUNCTION_CALL', 'The model made an invalid function call'],
  ['MAX_REGENERATION_REACHED', 'The model restarted its answer too often'],
  ['RESPONSE_REJECTED', 'The model rejected its own answer'],
  ['PROHIBITED_INPUT_CONTENT', 'The request is prohibited'],
  ['IMAGE_PROHIBITED_INPUT_CONTENT', 'The image in the request is prohibited'],
  ['INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED', 'The text of the request names a prominent person'],
  ['INPUT_IMAGE_CELEBRITY', 'The image in the request shows a celebrity'],
  ['INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED', 'The image in the request shows a child'],
  ['INPUT_TEXT_NCII_PROHIBITED', 'The text of the request asks for intimate content'],
  ['INPUT_OTHER', 'The request is not safe to answer'],
  ['INPUT_IP_PROHIBITED', 'The request infringes intellectual property'],
  ['BLOCKLIST', 'The request contains a blocked word'],
  ['UNSAFE_PROMPT_FOR_IMAGE_GENERATION', 'The request is not safe for image generation'],
  ['GENERATED_IMAGE_SAFETY', 'The generated image is not safe'],
  ['GENERATED_CONTENT_SAFETY', 'The answer is not safe'],
  ['GENERATED_AUDIO_SAFETY', 'The generated speech is not safe'],
  ['GENERATED_VIDEO_SAFETY', 'The generated video is not safe'],
  ['GENERATED_CONTENT_PROHIBITED', 'The answer is prohibited'],
  ['GENERATED_CONTENT_BLOCKLIST', 'The answer contains a blocked word'],
  ['GENERATED_IMAGE_PROHIBITED', 'The generated image is prohibited'],
  ['GENERATED_IMAGE_CELEBRITY', 'The generated image shows a celebrity'],
  ['GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER', 'The image would show prominent people'],
  ['GENERATED_IMAGE_IDENTIFIABLE_PEOPLE', 'The generated image shows identifiable people'],
  ['GENERATED_IMAGE_MINORS', 'The generated image shows minors'],
  ['OUTPUT_IMAGE_IP_PROHIBITED', 'The generated image infringes intellectual property'],
  ['GENERATED_OTHER', 'The answer was withheld'],
]);

/** The model ended its turn to wait for the user. */
const WAITS_FOR_INPUT = 'NEED_MORE_INPUT';

/** Reason that takes the place of a text that cannot be the name of a reason, and is not passed on. */
const UNKNOWN_REASON = 'OTHER';

/** Whether a turn with this reason ended as usual, so that there is nothing to report. */
export function isUsualTurnEnd(reason: string): boolean {
  return reason === '' || reason === 'TURN_COMPLETE_REASON_UNSPECIFIED';
}

/**
 * Describes why a turn ended. A reason that the table does not know, of a model that is newer than the table, is a failure only if the turn
 * brought nothing: then the user waits for an answer that does not come.
 * @param sent reason as the provider sent it
 * @param answered whether the turn brought any part of an answer
 */
export function describeTurnEnd(sent: string, answered: boolean): TurnEnd {
  const reason = isEnumName(sent) ? sent : UNKNOWN_REASON;
  const failure =
    FAILURES.get(reason) ?? (answered || reason === WAITS_FOR_INPUT ? undefined : 'The model gave no answer');
  return failure === undefined ? { reason } : { reason, failure };
}
