/**
 * Phrases in close reasons of Gemini, each with our own words for it. The first phrase that a reason contains counts.
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
const KNOWN_REASONS: readonly (readonly [RegExp, string])[] = [
  [/api[ _]?key not valid|api_key_invalid/i, 'the API key is not valid'],
  [/api[ _]?key expired/i, 'the API key has expired'],
  [/leaked/i, 'the API key was reported as leaked'],
  [/unregistered callers|api_key_missing/i, 'no API key was sent'],
  [/api_key_(?:service|http_referrer|ip_address|android|ios)\w*blocked/i, 'the API key is restricted'],
  [/has not been used in project|service_disabled|is disabled/i, 'the API is not enabled in the project'],
  [/billing/i, 'billing is not enabled in the project'],
  [/location is not supported|unsupported.*location/i, 'the provider does not serve this location'],
  [/permission.denied|unauthenticated/i, 'permission denied'],
  [/tool usage exceeded/i, 'the quota of the tool is used up'],
  [/exceeded your current quota/i, 'the quota is exceeded'],
  [/too many.*sessions|concurrent sessions/i, 'too many sessions are open'],
  [/not supported for bidi|not found for api version/i, 'the model is unknown, or is not a live model'],
  [/session not found|invalid.*handle|handle.*(?:invalid|expired)/i, 'the resumption handle is unknown'],
  [/cannot extract voices/i, 'a voice was requested for replies in text'],
  [/thinking level/i, 'the model requires a thinking level, or has none'],
  [/unsupported language|language.*not supported/i, 'the model does not support the language'],
  [/voice.*not|invalid voice/i, 'the model does not have the voice'],
  [/function response/i, 'a function response does not match a call'],
  [/token count|context (?:window|length)|maximum number of tokens/i, 'the conversation is too long for the model'],
  [/unknown name|cannot find field|invalid json payload/i, 'the request has a field that the provider does not know'],
  [/explicit activity|activity.*control/i, 'signs of activity are not enabled'],
  [/not implemented|or enabled|not enabled/i, 'the operation is not enabled for this model'],
  [/invalid argument/i, 'the request contains an invalid argument'],
  [/internal error/i, 'internal error'],
  [/deadline expired|deadline.exceeded/i, 'a deadline of the provider expired'],
  [/overloaded|unavailable|busy/i, 'the provider is overloaded'],
  [/session (?:duration|expired|time)|timed out/i, 'the session reached its maximum duration'],
  [/cancell?ed/i, 'the provider cancelled the session'],
];

/** Summarizes a close reason in our own words, so that nothing of its text is passed on. @returns `undefined` for an unknown reason */
export function summarizeReason(reason: string): string | undefined {
  return KNOWN_REASONS.find(([phrase]) => phrase.test(reason))?.[1];
}
