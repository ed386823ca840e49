/**
 * Behaviour in which the families of Gemini Live models differ. The runtime sees capabilities that are derived from it, and never a name.
 * Each row names its source: documentation, or a public report of what was measured against the live service. `docs/models.md` is written
 * from this table.
 */
export interface GeminiFamily {
  /** Name of the family. */
  readonly name: FamilyName;
  /** A model of the family, for documentation and examples. */
  readonly example: string;
  /** Names of the models that are known to belong to the family. */
  readonly models: readonly string[];
  /**
   * Whether the models only speak. Their words are available as a transcript.
   * @see https://ai.google.dev/gemini-api/docs/models; cheating-daddy#174; pydantic-ai PR#8393
   */
  readonly speaksOnly: boolean;
  /**
   * Names of the voices. `undefined`: not known for good, so that any may be requested.
   * @see https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice
   */
  readonly voices: readonly string[] | undefined;
  /**
   * Whether client content is accepted as history only, so that text of the user is sent as `realtimeInput`, and images only as frames.
   * @see HistoryConfig in @google/genai
   */
  readonly textAsRealtimeInput: boolean;
  /**
   * How the end of the user's audio is reported. `stream_end`: by `audioStreamEnd`. `silence`: the voice detection ignores that message and ends
   * an utterance only while audio arrives, so that silence must be sent until the model replies.
   * @see openclaw#152830, openclaw PR#152844
   */
  readonly endOfAudio: 'stream_end' | 'silence';
  /**
   * Form in which the parameters of a function are declared. `openapi`: `parameters`, in a subset of OpenAPI; the model does not see JSON schemas
   * and calls with `{}`. `json_schema`: `parametersJsonSchema`.
   * @see python-genai#1147; livekit/agents#2940, #7302, PR#5560; AidenAI-IO/aiden-firmware#708 (extended thinking)
   */
  readonly toolParameters: 'openapi' | 'json_schema';
  /**
   * Whether each declaration must name its `behavior`, NON_BLOCKING. Such models call functions asynchronously only, and close with 1007 for others.
   * @see https://ai.google.dev/gemini-api/docs/live-api/thinking; pydantic-ai PR#8393
   */
  readonly asynchronousTools: boolean;
  /**
   * Mime types of media that the result of a function may carry, beside its JSON. Anything else, such as a PDF, closes the session.
   * @see https://ai.google.dev/gemini-api/docs/live-api/tools
   */
  readonly resultMedia: readonly string[];
  /**
   * What a connection that resumes a session by a handle does with the instruction of its setup. `kept_from_start`: the instruction with which the
   * session began stays, so that another agent needs a fresh connection that is told the conversation.
   * @see livekit fork, entry 15
   */
  readonly resumedInstruction: 'kept_from_start';
  /**
   * What happens to the result of a call that another connection made. `ignored`: the result must be told as text. A session of 3.8 that is resumed
   * while it waits for such a result takes the next question for the end of the old one, so that it is not resumed at all.
   * @see pipecat#5465, PR#5497; livekit fork, entry 15; pydantic-ai, realtime tests
   */
  readonly foreignResults: 'ignored';
  /**
   * How often the model may repeat a call whose result is empty. Results always carry a status, so that none is empty.
   * @see https://ai.google.dev/gemini-api/docs/live-api, migration to 3.8
   */
  readonly repeatsEmptyResults: boolean;
  /**
   * Whether a result may say when the model reacts to it (`scheduling`). `closes`: the session is closed with 1007. `disputed`: documented, and reported
   * not to work by some. Results say it where it works, on AI Studio; elsewhere later results are told as text.
   * @see https://ai.google.dev/gemini-api/docs/live-api/tools; openclaw#152830; pydantic-ai, realtime tests; livekit fork; livekit/agents-js PR#1412
   */
  readonly scheduling: 'works' | 'closes' | 'disputed' | 'unknown';
  /**
   * Levels of reasoning that a setup may name; any other closes with 1007. `defaultLevel`: level that a setup must name, because one without closes
   * with 1007. `closes`: the family has no levels, and a setup with one closes with 1007. `ignored`: the family has a budget of tokens in place of
   * levels, and a setup with a level is accepted. No run may request a level of such a family.
   * @see https://ai.google.dev/gemini-api/docs/live-api/thinking and /live-api/capabilities; pydantic-ai PR#8393 and PR#7269
   */
  readonly thinking: { readonly levels: readonly string[]; readonly defaultLevel?: string } | 'closes' | 'ignored';
  /**
   * Whether an exchange is one turn, or several turns and calls that `interactionStatus: IDLE` ends.
   * @see https://ai.google.dev/gemini-api/docs/live-api/thinking
   */
  readonly exchanges: 'single' | 'background';
  /**
   * Whether the user's words arrive while the user still speaks: each text is whole and replaces the one before. One complete transcript follows just
   * before the reply, and none is marked as finished: a transcript ends with its turn.
   * @see openclaw#152646
   */
  readonly interimTranscripts: boolean;
  /**
   * Whether the user is transcribed even where that was not requested, so that such transcripts are discarded.
   * @see pydantic-ai, realtime tests; livekit fork
   */
  readonly alwaysTranscribes: boolean;
  /**
   * How a reply is cancelled. `empty_content`: by `clientContent {turnComplete: true}` without turns. `discard`: the provider has no message for it.
   * @see openclaw#152830, rows 8 and 11
   */
  readonly cancel: 'empty_content' | 'discard';
  /**
   * Whether a model that has fallen silent continues when it receives realtime input: after the result of a call it may wait for some. Silence is
   * not enough, a text is.
   * @see pipecat PR#4366
   */
  readonly continuesOnInput: boolean;
  /**
   * What a turn without words is answered with. `filler`: words such as "One moment", and no more. A placeholder, `.`, makes every family speak first,
   * so that a greeting is requested by one.
   * @see pydantic-ai, realtime tests; livekit/agents PR#2089
   */
  readonly emptyTurn: 'filler' | 'unknown';
  /**
   * `optional`: off unless requested. `always`: cannot be switched off. `none`: a setup with the field closes. On AI Studio only the version `v1alpha`
   * of the API has the field.
   * @see https://ai.google.dev/gemini-api/docs/live-api/capabilities; pydantic-ai, realtime tests
   */
  readonly proactivity: 'optional' | 'always' | 'none';
  /**
   * Whether the model can react to the tone of the user's voice. A setup that requests it of another family closes with 1007. On AI Studio only the
   * version `v1alpha` of the API has the field.
   * @see https://ai.google.dev/gemini-api/docs/live-api/capabilities; pydantic-ai, realtime tests
   */
  readonly affectiveDialog: boolean;
  /**
   * Whether the language of the speech can be set. The others speak the language that they hear.
   * @see https://docs.cloud.google.com/vertex-ai/generative-ai/docs/live-api/configure-language-voice
   */
  readonly language: boolean;
}

export type FamilyName = '2.5 half-cascade' | '2.5 native audio' | '3.1' | '3.8' | '3.8 extended thinking';

/** Voices of the half-cascade models. */
const HALF_CASCADE_VOICES = ['Puck', 'Charon', 'Kore', 'Fenrir', 'Aoede', 'Leda', 'Orus', 'Zephyr'];
/** Voices of the native-audio models. The list is complete, because no more models of this family will come. */
const NATIVE_AUDIO_VOICES = [
  ...HALF_CASCADE_VOICES,
  ...['Autonoe', 'Umbriel', 'Erinome', 'Laomedeia', 'Schedar', 'Achird', 'Sadachbia', 'Enceladus', 'Algieba'],
  ...['Algenib', 'Achernar', 'Gacrux', 'Zubenelgenubi', 'Sadaltager', 'Callirrhoe', 'Iapetus', 'Despina'],
  ...['Rasalgethi', 'Alnilam', 'Pulcherrima', 'Vindemiatrix', 'Sulafat'],
];
const LEVELS = ['LOW', 'MEDIUM', 'HIGH'];

/** What the resumption of a session does in all families. */
const RESUMPTION = { resumedInstruction: 'kept_from_start', foreignResults: 'ignored' } as const;

const GENERATION_2 = {
  ...RESUMPTION,
  resultMedia: [],
  repeatsEmptyResults: false,
  interimTranscripts: false,
  alwaysTranscribes: false,
  textAsRealtimeInput: false,
  endOfAudio: 'stream_end',
  toolParameters: 'openapi',
  asynchronousTools: false,
  thinking: 'ignored',
  exchanges: 'single',
  cancel: 'discard',
  continuesOnInput: false,
  emptyTurn: 'unknown',
} as const;

const GENERATION_3 = {
  ...RESUMPTION,
  resultMedia: ['image/png', 'image/jpeg', 'image/webp', 'text/plain'],
  interimTranscripts: false,
  alwaysTranscribes: true,
  speaksOnly: true,
  voices: undefined,
  toolParameters: 'json_schema',
  asynchronousTools: false,
  exchanges: 'single',
  emptyTurn: 'unknown',
  affectiveDialog: false,
  language: false,
} as const;

const GENERATION_3_8 = {
  ...GENERATION_3,
  repeatsEmptyResults: true,
  scheduling: 'disputed',
  interimTranscripts: true,
  textAsRealtimeInput: false,
  endOfAudio: 'silence',
  cancel: 'empty_content',
  continuesOnInput: false,
  proactivity: 'always',
} as const;

/** All families, oldest first. */
export const GEMINI_FAMILIES: Readonly<Record<FamilyName, GeminiFamily>> = {
  '2.5 half-cascade': {
    ...GENERATION_2,
    name: '2.5 half-cascade',
    example: 'gemini-live-2.5-flash-preview',
    models: ['gemini-live-2.5-flash-preview', 'gemini-live-2.5-flash'],
    speaksOnly: false,
    voices: HALF_CASCADE_VOICES,
    scheduling: 'unknown',
    proactivity: 'none',
    affectiveDialog: false,
    language: true,
  },
  '2.5 native audio': {
    ...GENERATION_2,
    name: '2.5 native audio',
    example: 'gemini-2.5-flash-native-audio-preview-12-2025',
    models: [
      'gemini-2.5-flash-native-audio-preview-12-2025',
      'gemini-2.5-flash-native-audio-latest',
      'gemini-live-2.5-flash-native-audio',
    ],
    speaksOnly: true,
    voices: NATIVE_AUDIO_VOICES,
    scheduling: 'works',
    proactivity: 'optional',
    affectiveDialog: true,
    language: false,
  },
  '3.1': {
    ...GENERATION_3,
    name: '3.1',
    example: 'gemini-3.1-flash-live-preview',
    models: ['gemini-3.1-flash-live-preview'],
    repeatsEmptyResults: false,
    scheduling: 'unknown',
    textAsRealtimeInput: true,
    endOfAudio: 'stream_end',
    thinking: { levels: ['MINIMAL', ...LEVELS] },
    cancel: 'discard',
    continuesOnInput: true,
    proactivity: 'none',
  },
  '3.8': {
    ...GENERATION_3_8,
    name: '3.8',
    example: 'gemini-3.8-live',
    models: ['gemini-3.8-live'],
    thinking: 'closes',
  },
  '3.8 extended thinking': {
    ...GENERATION_3_8,
    name: '3.8 extended thinking',
    example: 'gemini-3.8-live-extended-thinking',
    models: ['gemini-3.8-live-extended-thinking'],
    toolParameters: 'openapi',
    asynchronousTools: true,
    thinking: { levels: LEVELS, defaultLevel: 'LOW' },
    exchanges: 'background',
    emptyTurn: 'filler',
    scheduling: 'closes',
  },
};
