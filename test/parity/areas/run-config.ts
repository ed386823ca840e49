import type { Area } from '../requirement.ts';

export const runConfig: Area = {
  title: 'RunConfig',
  requirements: [
    {
      id: 'RunConfig.responseModalities',
      adk: 'One of TEXT and AUDIO, fixed for the session; default AUDIO.',
      here: 'The same; default TEXT, or AUDIO for a model that can only speak. On the wire `is_audio`, which a later connection may change.',
      differs:
        'A conversation from `curl` starts in text. Changing the modality opens a new connection to the model with the same conversation.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/run/end-to-end.test.ts: speech is answered in audio of 24 kHz with a transcript in increments, and completely once',
        'agent/run/end-to-end.test.ts: speech is the default of a model that only speaks',
        'session/live-session.test.ts: modality a change of modality replaces the run and keeps session, log and conversation',
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
      here: 'Voice and language independently: from the connection (`voice`, `language`), else from the run, else from the agent. Not sent if the answer is text.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/run-config.test.ts: the config of an agent applies unless the run overrides a field, with voice and language merged separately',
        'http/run-settings.test.ts: new sessions a session opened with ?%s of %s has these settings',
      ],
    },
    {
      id: 'RunConfig.inputAudioTranscription',
      adk: 'On by default; null: off. With several agents it was documented as always on.',
      here: 'The same; null always turns it off: generation 3 transcribes the user all the same, and these transcripts are dropped. Languages may be given.',
      status: 'done',
      tests: [
        'models/gemini/families.test.ts: a model of the family %s does not transcribe the user where that is off',
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/run/end-to-end.test.ts: speech has no transcripts if the config turns them off',
      ],
    },
    {
      id: 'RunConfig.outputAudioTranscription',
      adk: 'On by default; null: off.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/run/end-to-end.test.ts: speech has no transcripts if the config turns them off',
      ],
    },
    {
      id: 'RunConfig.realtimeInputConfig',
      adk: 'Passed on to the model.',
      here: 'The same, each field by name, and checked.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'automaticActivityDetection.disabled',
      adk: 'The client says when the user speaks.',
      here: 'The same.',
      status: 'done',
      tests: ['agent/run/end-to-end.test.ts: speech of the user is transcribed with the user as author, and answered'],
    },
    {
      id: 'automaticActivityDetection: sensitivities, padding, silence',
      adk: 'Fields of the SDK’s type, in no page of ADK.',
      here: 'Start and end sensitivity, `prefixPaddingMs`, `silenceDurationMs`; rejected together with `disabled`, where they have no effect.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
        'emulator/gemini/emulator.test.ts: speech silenceDurationMs sets the length of a pause that does not end an utterance',
      ],
    },
    {
      id: 'realtimeInputConfig.activityHandling, turnCoverage',
      adk: 'Fields of the SDK’s type.',
      here: 'The same.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'emulator/gemini/emulator.test.ts: interruption with NO_INTERRUPTION, input during an answer is answered afterwards',
      ],
    },
    {
      id: 'RunConfig.explicitVadSignal',
      adk: 'The model’s own voice activity events (Python, 2026).',
      here: 'The same, on Vertex AI; rejected elsewhere.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s on Vertex AI',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'RunConfig.proactivity',
      adk: 'Native audio only; others are refused by the provider.',
      here: 'The same, and per connection (`proactivity`); rejected before anything is opened if the model does not support it.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'http/run-settings.test.ts: new sessions a session opened with ?%s of %s has these settings',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'RunConfig.watchdog',
      adk: 'Not in ADK: a model that falls silent leaves the user waiting.',
      here: 'A model that gives no answer, no sound or no end of its turn is nudged, then asked once more on a fresh connection, then reported as failed.',
      status: 'done',
      tests: [
        'agent/run/watchdog.test.ts: a model that does not answer is asked once more on a fresh connection after firstOutputMs, and its answer there is the only one',
        'agent/run/watchdog.test.ts: a turn that ends with nothing is followed by the same question on a fresh connection, then by a failure',
        'agent/run/watchdog.test.ts: the same failure again and again is followed by the last question on a fresh connection, which is not told the questions that were refused',
        'agent/run/watchdog-families.test.ts: a model of the family %s that does not complete its turn has answered: the question is not asked again',
        'agent/run/watchdog.test.ts: speech without a sound of full length is an answer that failed: the question is asked once more',
      ],
    },
    {
      id: 'RunConfig.thinkingConfig',
      adk: 'Not in RunConfig: `generate_content_config.thinking_config` of the agent.',
      here: 'A level, checked against the model before anything is opened; extended thinking is told `LOW` unless another is set.',
      status: 'done',
      tests: [
        'models/gemini/families.test.ts: extended thinking is told a thinking level, LOW unless the setup has another, and 3.8 is told none',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'RunConfig.enableAffectiveDialog',
      adk: 'Native audio only.',
      here: 'The same, and per connection (`affective_dialog`); rejected before anything is opened if the model does not support it.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'http/run-settings.test.ts: new sessions a session opened with ?%s of %s has these settings',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'RunConfig.contextWindowCompression',
      adk: 'Null by default: a session ends when its window is full. `{trigger_tokens, sliding_window{target_tokens}}`.',
      here: 'On by default, at the model’s own limits; null: off.',
      differs: 'A conversation should not end because it is long.',
      status: 'done',
      tests: [
        'models/gemini/run-setup.test.ts: the setup of a connection requests %s (%s)',
        'pains/resumption.test.ts: pain 12: "sessions end after ten minutes in spite of compression": compression is on by default, and each connection at its time limit is followed by another without loss',
      ],
    },
    {
      id: 'RunConfig.historyConfig',
      adk: '`initial_history_in_client_content`, set by itself when a history is told (Python, 2026).',
      here: 'Set automatically if the model needs it.',
      status: 'done',
      tests: [
        'models/gemini/model.test.ts: the history of a fresh session a history for 3.1 is announced in the setup, and complete whoever spoke last',
        'models/gemini/model.test.ts: the history of a fresh session an empty history for 3.1 is not announced, because the model would wait for it',
      ],
    },
    {
      id: 'RunConfig.saveLiveBlob',
      adk: 'Keeps audio as artifacts; `save_live_audio` is its old name.',
      here: 'Stores the audio of each turn as files beside the conversation, in an `ArtifactStore`: a folder, or memory.',
      status: 'done',
      tests: [
        'agent/run/audio-recorder.test.ts: a run whose artifact store %s tells so and continues, and stores the next turn',
        'agent/run/audio-recorder.test.ts: a run with saveLiveBlob stores the speech of a turn as two files, the user first, and records them in the conversation',
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
      why: 'It has no effect in live mode.',
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
        'agent/run-config.test.ts: customMetadata is carried by every event of the run, as it was when the run started',
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
      ],
    },
    {
      id: 'RunConfig.getSessionConfig',
      adk: '`num_recent_events`, `after_timestamp`: how much of a session is loaded.',
      here: 'The same: how much of the conversation a new connection receives.',
      status: 'done',
      tests: [
        'agent/run-config.test.ts: numRecentEvents of %p seeds a fresh connection with %j',
        'agent/run-config.test.ts: afterTimestamp seeds a fresh connection with the events since that time',
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
      why: 'The server logs sessions and failures, but no content of conversations.',
    },
    {
      id: 'RunConfig.modelInputContext',
      adk: 'Contents put before what the model is told (Python, 2026).',
      status: 'not offered',
      why: 'Use the agent’s instruction.',
    },
    {
      id: 'RunConfig.includeThoughtsFromOtherAgents',
      adk: 'False: an agent does not see what another one thought.',
      status: 'not offered',
      why: 'Thoughts are never sent to another model, as in ADK’s default.',
    },
    {
      id: 'RunConfig.httpOptions',
      adk: 'Headers, base URL and API version of requests to the provider.',
      here: 'GOOGLE_GEMINI_BASE_URL and the API version, of the server.',
      differs: 'The operator, not a run, decides which provider is used.',
      status: 'done',
      tests: [
        'config.test.ts: readConfig returns the setting of each variable',
        'models/gemini/sdk-socket.test.ts: SdkSocket connects below base URL %j to a path with single slashes: %s…',
      ],
    },
    {
      id: 'RunConfig: unknown keys',
      adk: 'Refused (`extra=forbid`); TypeScript takes them.',
      here: 'Rejected, also in nested objects, when the run starts or the Runner is created.',
      status: 'done',
      tests: [
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
        'agent/run-config.test.ts: a run with an invalid config fails before a connection is opened',
      ],
    },
    {
      id: 'RunConfig: what the model cannot do',
      adk: 'Passed on; the provider closes with 1007 or 1008.',
      here: 'Rejected before anything is opened; the error names the field and the remedy. A connection gets 400.',
      status: 'done',
      tests: [
        'agent/check-run-config.test.ts: checkRunConfig refuses %j for %s with invalid_run_config',
        'http/run-settings.test.ts: invalid settings ?%s of %s is refused with 400 %s on each route, and no session is opened',
      ],
    },
  ],
};
