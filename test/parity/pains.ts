import type { Pain } from './requirement.ts';

/** What people report of ADK's live mode, as `google/adk-python#3692`: an issue or a pull request on GitHub. */
export const pains: readonly Pain[] = [
  {
    number: 1,
    complaint: 'Connections close with 1011 at random, and the conversation is over',
    issues: ['google/adk-python#3692', 'google/adk-python#3035', 'kazunori279/adk-streaming-guide#11'],
    here: 'The server opens a new connection, which is resumed or receives the conversation. A question without a complete answer is answered again automatically.',
    tests: [
      'pains/lost-connection.test.ts: pain 1: "connections close with 1011 at random, and the conversation ends": a connection lost during an answer is replaced, and the answer is repeated without a new question',
      'pains/lost-connection.test.ts: pain 1: "connections close with 1011 at random, and the conversation ends": connections lost between answers, after each of ten, are replaced unnoticed',
      'pains/lost-connection.test.ts: pain 1: "connections close with 1011 at random, and the conversation ends": a connection that is cut without a close frame is replaced in the same way',
    ],
  },
  {
    number: 2,
    complaint: 'The connection closes with 1011 while a tool runs',
    issues: ['google/adk-python#3918'],
    here: 'Tools do not block the connection. If it is lost anyway, running calls are cancelled and the question is asked again; results that calls already returned are passed on.',
    tests: [
      'pains/tool-calls.test.ts: pain 2: if the connection closes with 1011 while a tool runs, the call is cancelled and the question is asked again and answered',
      'pains/tool-calls.test.ts: pain 2: if the connection closes with 1011 after a tool has answered, the model receives the result on the new connection',
    ],
  },
  {
    number: 3,
    complaint: 'The connection closes with 1008 when speech and function calls overlap',
    issues: ['google/adk-python#4679', 'livekit/agents#4545'],
    here: 'Audio of the microphone is forwarded while a tool runs, and the tool result is sent. After a 1008 from the provider the server opens a new connection once and asks the question again.',
    tests: [
      'pains/policy-violation.test.ts: pain 3: if the connection closes with 1008 while speech and a function call overlap, the question is asked again and answered',
      'pains/tool-calls.test.ts: pain 3: audio of the microphone is sent while a tool runs, and the tool result is sent',
    ],
  },
  {
    number: 4,
    complaint: 'The connection closes with 1008: the model is not found, or not supported for bidiGenerateContent',
    issues: ['google/adk-python#3964', 'google/adk-python#140'],
    here: 'A model without a live mode is rejected at startup. A model that the provider does not have is reported by a `failure` that names the variable to set. There is no retry loop.',
    tests: [
      'pains/refused-requests.test.ts: pain 4: "1008, the model is not found or not supported for bidiGenerateContent": the server refuses to start with a model that is not live, and names the model',
      'pains/refused-requests.test.ts: pain 4: "1008, the model is not found or not supported for bidiGenerateContent": a model that the provider does not have is reported once, with the variable to set, and the session stays open',
    ],
  },
  {
    number: 5,
    complaint: 'The connection closes with 1007: the wrong modality, a model that is not live, a voice without speech',
    issues: ['google/adk-python#252', 'google/adk-python#2934', 'google/adk-python#4206', 'google/adk-docs#335'],
    here: 'A setting that the model does not support is rejected here, or omitted where it has no effect. Other rejections of the provider are reported in its own words.',
    tests: [
      'pains/refused-requests.test.ts: pain 5: "1007 for a wrong modality, a model that is not live, or a voice without speech": a model that only speaks is asked for speech, and its words arrive as transcripts',
      'pains/refused-requests.test.ts: pain 5: "1007 for a wrong modality, a model that is not live, or a voice without speech": a voice is requested for speech only, not for text',
      'pains/refused-requests.test.ts: pain 5: "1007 for a wrong modality, a model that is not live, or a voice without speech": a setting that the model does not support is refused with a reason before the provider is asked',
      'pains/refused-requests.test.ts: pain 5: "1007 for a wrong modality, a model that is not live, or a voice without speech": a setup that the provider refuses is reported in our own words: the text of a provider may name keys and projects',
    ],
  },
  {
    number: 6,
    complaint: 'The connection closes with 1007 for text and images on gemini-3.1-flash-live',
    issues: ['google/adk-python#5018', 'google/adk-python#5098'],
    here: 'Text, and the conversation for a new connection, are sent in the form that this generation accepts.',
    tests: [
      'pains/refused-requests.test.ts: pain 6: "1007 for text and images on gemini-3.1-flash-live": text, text again, images, and text after a lost connection are all answered',
      'pains/refused-requests.test.ts: pain 6: "1007 for text and images on gemini-3.1-flash-live": a conversation that is seeded again after a refused handle is accepted',
    ],
  },
  {
    number: 7,
    complaint: 'The connection closes with 1007 in the middle of a call, for an invalid audio format',
    issues: ['google/adk-python#5552'],
    here: 'Invalid audio is rejected with 400 before it reaches the provider; samples that are split between two pieces are joined. Audio of any rate is converted to the rate of the model.',
    tests: [
      'pains/mixed-rates.test.ts: pain 7: microphones of different rates are heard one after the other in one call, without a 1007',
      'pains/mixed-rates.test.ts: pain 7: audio of different rates in one utterance is heard as one utterance, without a 1007',
      'pains/refused-requests.test.ts: pain 7: "1007 during a call for an invalid audio format": %s is refused by this server with 400, and the call continues',
      'pains/refused-requests.test.ts: pain 7: "1007 during a call for an invalid audio format": a long call at another rate, whose chunks split samples, causes no violation',
    ],
  },
  {
    number: 8,
    complaint: 'A normal close, 1000, crashes the run',
    issues: ['google/adk-python#4587', 'google/adk-python#4914'],
    here: 'A normal close is handled like any other lost connection.',
    tests: [
      'pains/lost-connection.test.ts: pain 8: "a normal close, 1000, crashes the run": after a close with 1000 during an answer, the answer is repeated',
      'pains/lost-connection.test.ts: pain 8: "a normal close, 1000, crashes the run": a close with 1000 between answers is unnoticed',
    ],
  },
  {
    number: 9,
    complaint: 'After `close()` the session stays open at the provider',
    issues: ['google/adk-python#5226', 'google/adk-python#5228'],
    here: 'The session ends, whatever the run is doing, and no connection is opened afterwards. A session that nobody closes ends after LINGER_MS.',
    tests: [
      'pains/ending.test.ts: pain 9: "after close() the session stays open at the provider": a run whose queue is closed ends, and its connection is not reopened although there is a handle',
      'pains/ending.test.ts: pain 9: "after close() the session stays open at the provider": a run whose queue is closed %s ends as well',
      'pains/ending.test.ts: pain 9: "after close() the session stays open at the provider": a session that a client closes leaves no connection at the provider',
      'pains/ending.test.ts: pain 9: "after close() the session stays open at the provider": a page that disappears without a close leaves no connection at the provider after LINGER_MS',
    ],
  },
  {
    number: 10,
    complaint: 'Transparent resumption is forced, and the Gemini API refuses it',
    issues: ['google/adk-python#5771', 'google/adk-python#5675', 'google/adk-python#2179'],
    here: 'Handles everywhere, transparent on Vertex AI only.',
    tests: [
      'pains/resumption.test.ts: pain 10: "transparent resumption is forced, and the Gemini API refuses it": on the Gemini API a lost connection is resumed by its handle, without the field transparent',
      'pains/resumption.test.ts: pain 10: "transparent resumption is forced, and the Gemini API refuses it": on Vertex AI resumption is transparent',
    ],
  },
  {
    number: 11,
    complaint: 'No handle outlives a connection: a caller who reconnects starts from the beginning',
    issues: ['google/adk-python#4357', 'google/adk-python#4358'],
    here: 'The live session outlives its connections, and the conversation outlives the live session. A caller of `runLive` also receives the handles.',
    tests: [
      'pains/resumption.test.ts: pain 11: "no handle outlives a connection, so a returning caller starts again": a client that returns within LINGER_MS resumes the same live session and misses nothing',
      'pains/resumption.test.ts: pain 11: "no handle outlives a connection, so a returning caller starts again": a client that returns later finds the conversation although the session at the provider has ended',
      'pains/resumption.test.ts: pain 11: "no handle outlives a connection, so a returning caller starts again": a caller of runLive receives each handle and can resume with it in another run',
    ],
  },
  {
    number: 12,
    complaint: 'Sessions end after ten minutes in spite of compression; a resumption after video is refused with 1007',
    issues: ['googleapis/js-genai#618', 'googleapis/python-genai#2290'],
    here: 'Compression and resumption are on by default. A reply is finished before its connection is replaced. If a handle is rejected, the new connection receives the conversation.',
    tests: [
      'pains/resumption.test.ts: pain 12: "sessions end after ten minutes in spite of compression": compression is on by default, and each connection at its time limit is followed by another without loss',
      'pains/resumption.test.ts: pain 12: "sessions end after ten minutes in spite of compression": an answer in progress at the time limit is completed',
      'pains/resumption.test.ts: pain 12: "sessions end after ten minutes in spite of compression": a resumption refused with 1007, as after pictures, is followed by a new connection that knows the conversation',
    ],
  },
  {
    number: 13,
    complaint: 'An interruption is not reported, only the end of the turn; the audio continues',
    issues: ['google/adk-python#4460', 'google/adk-samples#1069', 'google/adk-java#462', 'google/adk-docs#362'],
    here: '`interrupted` is always sent, before `turn_complete`; audio that was not written yet is dropped.',
    tests: [
      'pains/interruption.test.ts: pain 13: "an interruption is not reported, and the audio continues": when speech interrupts speech whose transcript is pending, interrupted precedes turn_complete and no audio follows',
      'pains/interruption.test.ts: pain 13: "an interruption is not reported, and the audio continues": when speech interrupts a text answer with a pending piece, interrupted is sent as well',
      'pains/interruption.test.ts: pain 13: "an interruption is not reported, and the audio continues": when typed text interrupts an answer, interrupted is sent and then the answer to the text',
      'pains/interruption.test.ts: pain 13: "an interruption is not reported, and the audio continues": a reader that resumes later receives interrupted and none of the discarded audio',
    ],
  },
  {
    number: 14,
    complaint: 'A text does not interrupt the agent: the speech pauses and goes on, or the session is stuck',
    issues: ['google/adk-python#2972'],
    here: '`{"interrupt":{}}` before the text stops the speech at once, on every model, and the rest of the answer is never heard. The page sends both. A text alone interrupts as the model does it.',
    tests: [
      'pains/text-interruption.test.ts: pain 14: "the agent cannot be interrupted with text": a model of the family %s that is interrupted by a text stops at once, answers the text, and never goes on with what it said before',
      'pains/text-interruption.test.ts: pain 14: "the agent cannot be interrupted with text": a model that nothing may interrupt finishes before it answers a text, and is cut off by a text with an interruption',
    ],
  },
  {
    number: 15,
    complaint: 'The end of a transcript is not reported, words arrive twice, and the user is not transcribed',
    issues: ['google/adk-python#3324', 'google/adk-python#2357', 'google/adk-python#568', 'google/adk-python#6045'],
    here: 'Increments, and one transcript that is finished, of the user and of the agent, whether the model reports the end or not. Pages of the samples get each word once.',
    tests: [
      'pains/transcripts.test.ts: pain 15: "transcripts are not finished, or arrive twice": speech with a model of the family %s has one finished transcript of the user, and the words of the agent once',
      'pains/transcripts.test.ts: pain 15: "transcripts are not finished, or arrive twice": an ADK client of a model of the family %s gets increments, and one finished transcript that has all of them',
    ],
  },
  {
    number: 16,
    complaint:
      'The agent goes silent after a tool, after an interruption, or because the end of the speech is not detected',
    issues: [
      'google/adk-python#2485',
      'google/adk-python#1283',
      'googleapis/python-genai#1987',
      'googleapis/python-genai#1224',
      'googleapis/python-genai#2580',
    ],
    here: 'A watchdog reports a silent model (`stalled`), reminds it, and asks again on another connection. Where the voice detection waits for audio, silence is sent when the microphone is off.',
    tests: [
      'pains/silent-model.test.ts: pain 16: "the agent goes silent": a model of the family %s that says nothing after the result of a tool is reported, and answers without another question',
      'pains/silent-model.test.ts: pain 16: "the agent goes silent": a model that is deaf after the user has spoken into its answer is replaced, and what the user said is answered',
      'pains/silent-model.test.ts: pain 16: "the agent goes silent": a model of the family %s answers speech after which the microphone is switched off, although no more audio tells it of the end',
    ],
  },
  {
    number: 17,
    complaint: 'A transfer brings two replies or none, loses the history, or drops the message',
    issues: [
      'google/adk-python#3395',
      'google/adk-python#3742',
      'google/adk-python#2899',
      'google/adk-python#5536',
      'google/adk-python#5238',
    ],
    here: 'The agent that takes over is told the conversation, then what the user said and nobody has answered, on a connection of its own. The first agent gets no result to reply to. What is said meanwhile waits for the new connection.',
    tests: [
      'pains/transfer.test.ts: pain 17: a question that is transferred is answered once, by the other agent, with a model of the family %s',
      'pains/transfer.test.ts: pain 17: a message that is typed while the other agent takes over is answered, with a model of the family %s',
      'pains/transfer.test.ts: pain 17: a spoken question is transferred with its last words, and answered once',
    ],
  },
  {
    number: 18,
    complaint: 'Nothing is received while a tool runs; with save_live_blob calls are swallowed',
    issues: ['google/adk-python#5033', 'google/adk-python#6522', 'google/adk-python#5239', 'google/adk-python#3934'],
    here: 'Calls run beside the receive loop and beside each other. A question or an interruption during a call is answered at once, and the call is cancelled.',
    tests: [
      'pains/blocking-tools.test.ts: pain 18: "tools block the loop": a question during a call that never returns is answered by a model of the family %s, and the call is cancelled',
      'pains/blocking-tools.test.ts: pain 18: "tools block the loop": calls of one answer run side by side: the result of a quick one does not wait for that of a slow one',
      'pains/blocking-tools.test.ts: pain 18: "tools block the loop": a run that stores its audio calls the tool, and reports the end of the turn',
    ],
  },
  {
    number: 19,
    complaint: 'Callbacks and plugins are skipped in live mode, so that guardrails do not work',
    issues: [
      'google/adk-python#4181',
      'google/adk-python#4704',
      'google/adk-python#6259',
      'google/adk-python#1108',
      'google/adk-python#1897',
    ],
    here: 'All callbacks of an agent run. A guardrail sees what the user types before the model does, and what the model says as it grows: it stops speech that is sounding already, and what it has stopped is neither stored nor told to a later connection. A callback that fails lets nothing through.',
    tests: [
      'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": an output guardrail that thinks for a while stops speech that is already sounding: no audio follows interrupted, and the next question is answered',
      'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": what an output guardrail has stopped is not part of the conversation',
      'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": a guardrail for what the user says sees typed text before the model does, and what it blocks is never sent',
      'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": the same guardrail sees speech, whose reply stops',
      'pains/callbacks.test.ts: pain 19: "callbacks are skipped in live mode": callbacks around a tool, and around the agent, are called',
    ],
  },
  {
    number: 20,
    complaint: 'The streaming tools of the documentation do not work',
    issues: ['google/adk-python#3955', 'google/adk-python#960', 'google/adk-python#1862', 'google/adk-python#619'],
    here: 'A tool whose function is an async generator is a streaming tool, with nothing else to declare. The model is told each value, on every family, and stops the tool with `stop_streaming`.',
    tests: [
      'pains/streaming-tools.test.ts: pain 20: "the streaming tools of the documentation do not work": a tool that monitors a price tells a model of the family %s each change, and is stopped by it',
      'pains/streaming-tools.test.ts: pain 20: "the streaming tools of the documentation do not work": a tool that monitors a video sees the frames that the user sends to a model of the family %s',
    ],
  },
];
