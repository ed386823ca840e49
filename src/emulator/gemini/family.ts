/**
 * Rules of one family of Gemini Live models. A rule that a real family has is a rule of its emulator, so that a client which breaks the rule
 * fails here as it would fail there. Each rule names its source; what was measured against the live service is marked "measured".
 */
export interface GeminiFamily {
  readonly name: '2.5 half-cascade' | '2.5 native audio' | '3.1' | '3.8' | '3.8 extended thinking';
  /** Whether the models answer in speech only. */
  readonly speaksOnly: boolean;
  /** Whether voices other than the eight of the half-cascade models are accepted. The list of the others grows and is not checked. */
  readonly hasMoreVoices: boolean;
  /**
   * Whether client content is accepted as the seed of a conversation only, and closes with 1007 after the first turn.
   * @see HistoryConfig in @google/genai
   */
  readonly contentSeedsOnly: boolean;
  /**
   * Whether `audioStreamEnd` ends an utterance. Generation 3.8 ignores the message: its voice detection ends an utterance only while audio
   * arrives, so that a recording which simply ends is never answered.
   * @see openclaw#152830 (measured)
   */
  readonly endsSpeechAtStreamEnd: boolean;
  /**
   * Whether the model reads `parametersJsonSchema`. Generation 2.5 and extended thinking see the name and the description only, and call
   * with `{}`.
   * @see python-genai#1147, livekit/agents#2940, AidenAI-IO/aiden-firmware#708
   */
  readonly readsJsonSchema: boolean;
  /**
   * Whether `additionalProperties` inside `parameters` closes with 1007.
   * @see livekit/agents#7302 (measured)
   */
  readonly refusesAdditionalProperties: boolean;
  /**
   * `required`: a setup without a thinking level, or with the level MINIMAL, closes with 1007. `refused`: a setup with any level does. `ignored`:
   * generation 2.5 has a budget of tokens in place of levels, 3.1 has all levels.
   * @see https://ai.google.dev/gemini-api/docs/live-api/thinking; pydantic-ai PR#8393 and PR#7269 (measured)
   */
  readonly thinkingLevel: 'required' | 'refused' | 'ignored';
  /**
   * Whether the user is transcribed even where the setup does not ask for it.
   * @see pydantic-ai, realtime tests (measured)
   */
  readonly alwaysTranscribes: boolean;
  /**
   * Whether the user's words arrive while the user still speaks, as `interimInputTranscription`: each is the whole text so far and replaces the one
   * before. One complete `inputTranscription` follows just before the reply. `finished` is never set.
   * @see openclaw#152646 (measured)
   */
  readonly sendsInterimTranscripts: boolean;
  /**
   * Whether `clientContent {turnComplete: true}` without turns cancels the current reply.
   * @see openclaw#152830 (measured: `interrupted` after 73 ms)
   */
  readonly cancelsByEmptyContent: boolean;
  /**
   * Whether `scheduling` in a tool response closes with 1007, and so does a declaration whose `behavior` is not NON_BLOCKING.
   * @see openclaw#152830, pydantic-ai PR#8393 (measured)
   */
  readonly refusesScheduling: boolean;
  /**
   * What a declaration as NON_BLOCKING means. `works`: the model speaks on while the function runs. `ignored`: the function stays a blocking one. `final
   * only`: every function is one, but a response with `willContinue` is taken for the last one, and the real one is never spoken.
   * @see https://ai.google.dev/gemini-api/docs/live-api/tools (3.1: synchronous only); pipecat PR#4448; livekit/agents-js PR#1412 (measured on 2.5); openclaw#152830, rows 2 to 6 (measured on 3.8)
   */
  readonly nonBlocking: 'works' | 'ignored' | 'final only';
  /**
   * Whether a typed turn without words is answered with a filler.
   * @see pydantic-ai, realtime tests (measured)
   */
  readonly fillsEmptyTurns: boolean;
  /**
   * Whether a model that is silent, as it may be after the result of a function, continues when it receives realtime text, also one without words.
   * The action `"ignore"` of a scenario makes it silent.
   * @see pipecat PR#4366 (measured)
   */
  readonly waitsForInput: boolean;
  /**
   * Whether an exchange is several turns: `turnComplete` ends an utterance ("One moment."), calls come after it, and only
   * `interactionStatus: IDLE` ends the exchange.
   * @see https://ai.google.dev/gemini-api/docs/live-api/thinking
   */
  readonly thinksInBackground: boolean;
  /**
   * Whether a resumed session still waits for the calls of the lost connection, so that the next input only ends that exchange and is not answered.
   * @see pydantic-ai, "verified live"; pipecat#5465
   */
  readonly waitsForLostCalls: boolean;
  /**
   * Whether a handle leads to the session as the lost connection left it, with everything that was consumed until then. Otherwise to the session as it
   * was when the handle was issued.
   * @see livekit fork (measured on 3.8)
   */
  readonly resumesAtLoss: boolean;
  /**
   * Mime types of media that a result of a function may carry (`FunctionResponse.parts`). Anything else, such as a PDF, closes the session.
   * @see https://ai.google.dev/gemini-api/docs/live-api/tools
   */
  readonly resultMedia: readonly string[];
  /**
   * Whether the model repeats a call whose result is empty, up to five times.
   * @see https://ai.google.dev/gemini-api/docs/live-api, migration to 3.8
   */
  readonly repeatsEmptyResults: boolean;
  /** `supported`: off unless requested. `always`: cannot be switched off. `none`: a setup that asks for it breaks a rule. */
  readonly proactivity: 'supported' | 'always' | 'none';
  readonly hasAffectiveDialog: boolean;
  /**
   * Whether the language of the speech can be set. The others choose the language themselves.
   * @see https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice
   */
  readonly hasLanguage: boolean;
}

const HALF_CASCADE_VOICES = new Set(['Puck', 'Charon', 'Kore', 'Fenrir', 'Aoede', 'Leda', 'Orus', 'Zephyr']);

const GENERATION_2: Omit<
  GeminiFamily,
  'name' | 'speaksOnly' | 'hasMoreVoices' | 'proactivity' | 'hasAffectiveDialog' | 'hasLanguage'
> = {
  contentSeedsOnly: false,
  endsSpeechAtStreamEnd: true,
  readsJsonSchema: false,
  refusesAdditionalProperties: false,
  thinkingLevel: 'ignored',
  alwaysTranscribes: false,
  sendsInterimTranscripts: false,
  cancelsByEmptyContent: false,
  refusesScheduling: false,
  nonBlocking: 'works',
  fillsEmptyTurns: false,
  waitsForInput: false,
  thinksInBackground: false,
  waitsForLostCalls: false,
  resumesAtLoss: false,
  resultMedia: [],
  repeatsEmptyResults: false,
};

const GENERATION_3: Omit<
  GeminiFamily,
  | 'name'
  | 'contentSeedsOnly'
  | 'endsSpeechAtStreamEnd'
  | 'thinkingLevel'
  | 'proactivity'
  | 'sendsInterimTranscripts'
  | 'waitsForLostCalls'
  | 'resumesAtLoss'
  | 'repeatsEmptyResults'
> = {
  speaksOnly: true,
  hasMoreVoices: true,
  readsJsonSchema: true,
  resultMedia: ['image/png', 'image/jpeg', 'image/webp', 'text/plain'],
  refusesAdditionalProperties: true,
  alwaysTranscribes: true,
  cancelsByEmptyContent: false,
  refusesScheduling: false,
  nonBlocking: 'works',
  fillsEmptyTurns: false,
  waitsForInput: false,
  thinksInBackground: false,
  hasAffectiveDialog: false,
  hasLanguage: false,
};

const FAMILIES = {
  halfCascade: {
    ...GENERATION_2,
    name: '2.5 half-cascade',
    speaksOnly: false,
    hasMoreVoices: false,
    proactivity: 'none',
    hasAffectiveDialog: false,
    hasLanguage: true,
  },
  nativeAudio: {
    ...GENERATION_2,
    name: '2.5 native audio',
    speaksOnly: true,
    hasMoreVoices: true,
    proactivity: 'supported',
    hasAffectiveDialog: true,
    hasLanguage: false,
  },
  threeOne: {
    ...GENERATION_3,
    name: '3.1',
    nonBlocking: 'ignored',
    contentSeedsOnly: true,
    endsSpeechAtStreamEnd: true,
    thinkingLevel: 'ignored',
    sendsInterimTranscripts: false,
    proactivity: 'none',
    waitsForLostCalls: false,
    resumesAtLoss: false,
    repeatsEmptyResults: false,
    waitsForInput: true,
  },
  threeEight: {
    ...GENERATION_3,
    name: '3.8',
    contentSeedsOnly: false,
    endsSpeechAtStreamEnd: false,
    thinkingLevel: 'refused',
    sendsInterimTranscripts: true,
    waitsForLostCalls: true,
    resumesAtLoss: true,
    repeatsEmptyResults: true,
    proactivity: 'always',
    cancelsByEmptyContent: true,
  },
  extendedThinking: {
    ...GENERATION_3,
    name: '3.8 extended thinking',
    contentSeedsOnly: false,
    endsSpeechAtStreamEnd: false,
    thinkingLevel: 'required',
    sendsInterimTranscripts: true,
    waitsForLostCalls: true,
    resumesAtLoss: true,
    repeatsEmptyResults: true,
    proactivity: 'always',
    cancelsByEmptyContent: true,
    readsJsonSchema: false,
    refusesScheduling: true,
    nonBlocking: 'final only',
    fillsEmptyTurns: true,
    thinksInBackground: true,
  },
} satisfies Record<string, GeminiFamily>;

/** Finds the family of a model by its name. A name that is not known belongs to the nearest family. */
export function findFamily(model: string): GeminiFamily {
  if (model.includes('native-audio')) return FAMILIES.nativeAudio;
  if (model.includes('extended-thinking')) return FAMILIES.extendedThinking;
  if (/^gemini-3\.[0-4](?!\d)/.test(model)) return FAMILIES.threeOne;
  if (/^gemini-([3-9]|\d\d)/.test(model)) return FAMILIES.threeEight;
  return FAMILIES.halfCascade;
}

/** Returns whether the models of a family have a voice. */
export function hasVoice({ hasMoreVoices }: GeminiFamily, voice: string): boolean {
  return hasMoreVoices || HALF_CASCADE_VOICES.has(voice);
}
