import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';

/**
 * What a live session does not take of what is well-formed: a provider would end the session over it.
 * @param manualActivity whether clients say when the user speaks; `undefined`: not known
 * @throws {WireError} malformed_item
 */
export function checkRequests<Requests extends readonly LiveRequest[]>(
  requests: Requests,
  manualActivity: boolean | undefined,
): Requests {
  const close = requests.findIndex((request) => request.close);
  if (close !== -1 && close < requests.length - 1) throw new WireError('malformed_item', 'Nothing may follow close');
  if (manualActivity === false && requests.some((request) => request.activity_start || request.activity_end)) {
    throw new WireError(
      'malformed_item',
      'activity_start and activity_end are for an agent that does not listen for speech itself',
      'leave them out, or set realtimeInputConfig.automaticActivityDetection.disabled in the runConfig of the agent',
    );
  }
  return requests;
}
