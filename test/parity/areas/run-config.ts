import type { Area } from '../requirement.ts';

export const runConfig: Area = {
  title: 'RunConfig',
  requirements: [
    {
      id: 'RunConfig.responseModalities',
      adk: 'One of TEXT and AUDIO, fixed for the session; default AUDIO.',
      here: 'The same; default TEXT, or AUDIO for a model that only speaks. On the wire `is_audio`, which a later connection may change.',
      differs:
        'A conversation from `curl` begins in text; the other modality is a new connection to the model, with the same conversation.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/runner.test.ts: speech is answered in audio of 24 kHz with a transcript: in pieces, and whole once',
        'agent/runner.test.ts: speech comes from a model that only speaks, where nothing was asked for',
        'session/live-session.test.ts: a change of modality replaces the run and keeps session, log and conversation',
      ],
    },
    {
      id: 'RunConfig.streamingMode',
      adk: 'NONE, SSE or BIDI; `run_live` pays no heed to it, and TypeScript’s `createRunConfig` throws for BIDI.',
      status: 'not offered',
      why: '`runLive` is always bidirectional.',
    },
    {
      id: 'RunConfig.speechConfig',
      adk: 'Voice and language; the agent’s own (`Gemini(speech_config)`) goes before it. Sent with TEXT, too, which the provider closes for.',
      here: 'Voice and language, each for itself: of the connection (`voice`, `language`), else of the run, else of the agent. Not sent where the answer is text.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/run-config.test.ts: the RunConfig of an agent holds where the run says nothing else, voice and language each for itself',
        'http/run-settings.test.ts: a new session opened with ?%s of %s talks like that',
      ],
    },
    {
      id: 'RunConfig.inputAudioTranscription',
      adk: 'On by default; null: off. With several agents it was documented as always on.',
      here: 'The same; null is off, always. Languages may be named.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/runner.test.ts: speech transcripts that the config turns off do not come',
      ],
    },
    {
      id: 'RunConfig.outputAudioTranscription',
      adk: 'On by default; null: off.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/runner.test.ts: speech transcripts that the config turns off do not come',
      ],
    },
    {
      id: 'RunConfig.realtimeInputConfig',
      adk: 'Passed on to the model.',
      here: 'The same, each field by name, and checked.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
      ],
    },
    {
      id: 'automaticActivityDetection.disabled',
      adk: 'The client says when the user speaks.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/runner.test.ts: speech of the user is transcribed as the user, and played back'],
    },
    {
      id: 'automaticActivityDetection: sensitivities, padding, silence',
      adk: 'Fields of the SDK’s type, in no page of ADK.',
      here: 'Start and end sensitivity, `prefixPaddingMs`, `silenceDurationMs`; refused beside `disabled`, where they would do nothing.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
        'emulator/gemini-emulator.test.ts: speech silenceDurationMs decides how long a pause may be',
      ],
    },
    {
      id: 'realtimeInputConfig.activityHandling, turnCoverage',
      adk: 'Fields of the SDK’s type.',
      here: 'The same.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'emulator/gemini-emulator.test.ts: interruption with NO_INTERRUPTION, what is said meanwhile is answered afterwards',
      ],
    },
    {
      id: 'RunConfig.explicitVadSignal',
      adk: 'The model’s own voice activity events (Python, 2026).',
      here: 'The same, on Vertex AI; refused elsewhere.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s, on Vertex AI',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
      ],
    },
    {
      id: 'RunConfig.proactivity',
      adk: 'Native audio only; others are refused by the provider.',
      here: 'The same, and of the connection (`proactivity`); refused before anything opens where the model cannot.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'http/run-settings.test.ts: a new session opened with ?%s of %s talks like that',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
      ],
    },
    {
      id: 'RunConfig.enableAffectiveDialog',
      adk: 'Native audio only.',
      here: 'The same, and of the connection (`affective_dialog`); refused before anything opens where the model cannot.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'http/run-settings.test.ts: a new session opened with ?%s of %s talks like that',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
      ],
    },
    {
      id: 'RunConfig.contextWindowCompression',
      adk: 'Null by default: a session ends when its window is full. `{trigger_tokens, sliding_window{target_tokens}}`.',
      here: 'On by default, at the model’s own limits; null: off.',
      differs: 'A conversation should not end because it was long.',
      status: 'done',
      tests: [
        'agent/run-config-setup.test.ts: the provider is asked for %s (%s)',
        'pains/resumption.test.ts: pain 12: sessions end after ten minutes in spite of compression: compression is on by itself, and each connection that is at its limit is followed by another, without a word lost',
      ],
    },
    {
      id: 'RunConfig.historyConfig',
      adk: '`initial_history_in_client_content`, set by itself when a history is told (Python, 2026).',
      here: 'Set by itself, where the model needs it.',
      status: 'done',
      tests: [
        'models/gemini-connect.test.ts: history of generation 3.1 is announced, and complete whoever had the last word',
        'models/gemini-connect.test.ts: history of generation 3.1 that is empty is not announced: the model would wait for it',
      ],
    },
    {
      id: 'RunConfig.saveLiveBlob',
      adk: 'Keeps audio as artifacts; `save_live_audio` is its old name.',
      here: 'Keeps what was said in a turn as audio files beside the conversation, in an `ArtifactStore`; in memory unless another is given.',
      status: 'done',
      tests: [
        'agent/live-blobs.test.ts: a run with saveLiveBlob keeps what was said in a turn as two files, of the user first, and names them in the conversation',
      ],
    },
    {
      id: 'RunConfig.saveInputBlobsAsArtifacts',
      adk: 'Deprecated.',
      status: 'not offered',
      why: 'Deprecated in ADK itself.',
    },
    {
      id: 'RunConfig.toolThreadPoolConfig',
      adk: 'Runs tools in threads (4), so that they do not block the receive loop.',
      status: 'not offered',
      why: 'Tools never block it here.',
    },
    {
      id: 'RunConfig.maxLlmCalls',
      adk: '500 by default; does not apply to live.',
      status: 'not offered',
      why: 'It does nothing in live mode.',
    },
    {
      id: 'RunConfig.supportCfc',
      adk: 'Experimental: a unary run through the live API.',
      status: 'not offered',
      why: 'Not live mode.',
    },
    {
      id: 'RunConfig.customMetadata',
      adk: 'Stands on every event.',
      here: 'The same, at most 8 KiB: there are fifty events a second.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: customMetadata stands on every event of the run, as it was when that began',
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
      ],
    },
    {
      id: 'RunConfig.getSessionConfig',
      adk: '`num_recent_events`, `after_timestamp`: how much of a session is loaded.',
      here: 'The same: how much of the conversation a fresh connection is told.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: numRecentEvents %p tells a fresh connection %j',
        'agent/run-config.test.ts: afterTimestamp tells a fresh connection what was said from then on',
      ],
    },
    {
      id: 'RunConfig.avatarConfig',
      adk: 'A video avatar that speaks.',
      status: 'not offered',
      why: 'Video is not what this transport is for.',
    },
    {
      id: 'RunConfig.translationConfig',
      adk: 'For `gemini-3.5-live-translate-preview`.',
      status: 'not offered',
      why: 'A translator is not an agent: another kind of model, with a setup of its own.',
    },
    {
      id: 'RunConfig.telemetry',
      adk: 'What of a run is traced.',
      status: 'not offered',
      why: 'The server logs sessions and failures, and nothing of what is said.',
    },
    {
      id: 'RunConfig.modelInputContext',
      adk: 'Contents put before what the model is told (Python, 2026).',
      status: 'not offered',
      why: 'An agent’s instruction says it.',
    },
    {
      id: 'RunConfig.includeThoughtsFromOtherAgents',
      adk: 'False: an agent does not see what another one thought.',
      status: 'not offered',
      why: 'Thoughts are never told to another model: the default, always.',
    },
    {
      id: 'RunConfig.httpOptions',
      adk: 'Headers, base URL and API version of requests to the provider.',
      here: 'GOOGLE_GEMINI_BASE_URL and the API version, of the server.',
      differs: 'Whom one talks to is the operator’s decision, not that of a run.',
      status: 'done',
      tests: [
        'config.test.ts: readConfig of each variable gives its setting',
        'models/gemini-connect.test.ts: setup the path behind base URL %j has single slashes: %s…',
      ],
    },
    {
      id: 'RunConfig: unknown keys',
      adk: 'Refused (`extra=forbid`); TypeScript takes them.',
      here: 'Refused, in the objects inside too, when the run begins or the Runner is made.',
      status: 'done',
      tests: [
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
        'agent/run-config.test.ts: a run whose config is wrong fails before anything is opened',
      ],
    },
    {
      id: 'RunConfig: what the model cannot do',
      adk: 'Passed on; the provider closes with 1007 or 1008.',
      here: 'Refused before anything opens, naming the field and what to do; to a connection with 400.',
      status: 'done',
      tests: [
        'agent/check-run-config.test.ts: checkRunConfig refuses with invalid_run_config %j of %s',
        'http/run-settings.test.ts: what is wrong, or more than the model can, ?%s of %s is refused with 400 %s on each route, and nothing is opened',
      ],
    },
  ],
};
