import type { Pain } from './requirement.ts';

/** What people report of ADK's live mode, as `google/adk-python#3692`: an issue or a pull request on GitHub. */
export const pains: readonly Pain[] = [
  {
    number: 1,
    complaint: 'Connections close with 1011 at random, and the conversation is over',
    issues: ['google/adk-python#3692', 'google/adk-python#3035', 'kazunori279/adk-streaming-guide#11'],
    here: 'The connection is made anew, resumed or told the conversation; what was not answered to the end is answered again, without being asked.',
    tests: [
      'pains/lost-connection.test.ts: pain 1: connections close with 1011 at random, and the conversation is over: in the middle of an answer, the answer is given anew without being asked again',
      'pains/lost-connection.test.ts: pain 1: connections close with 1011 at random, and the conversation is over: between answers, and after each of ten, nobody notices',
      'pains/lost-connection.test.ts: pain 1: connections close with 1011 at random, and the conversation is over: a network that is cut without a word is no different',
    ],
  },
  {
    number: 2,
    complaint: 'The connection closes with 1011 while a tool runs',
    issues: ['google/adk-python#3918'],
    here: 'Tools do not block the connection. If it is lost all the same, calls that run are given up and the question is asked anew; what a call has returned is told.',
    tests: [
      'pains/tool-calls.test.ts: pain 2: the connection closes with 1011 while a tool runs: the call is given up, the question asked anew, and answered',
      'pains/tool-calls.test.ts: pain 2: the connection closes with 1011 when a tool has answered: the model is told what it returned',
    ],
  },
  {
    number: 3,
    complaint: 'The connection closes with 1008 when speech and function calls overlap',
    issues: ['google/adk-python#4679', 'livekit/agents#4545'],
    here: 'The microphone goes on while a tool runs, and the tool is answered. A 1008 from the provider all the same is told as a `failure`, and the conversation goes on with the next thing that is said.',
    tests: [
      'pains/tool-calls.test.ts: pain 3: speech and function calls overlap: the microphone goes on while a tool runs, and the tool is answered',
    ],
  },
  {
    number: 4,
    complaint: 'The connection closes with 1008: the model is not found, or not supported for bidiGenerateContent',
    issues: ['google/adk-python#3964', 'google/adk-python#140'],
    here: 'A model that is not live is refused at the start; one that the provider has not is told in a `failure` that names the variable to set. Nothing is tried in a loop.',
    tests: [
      'pains/refused-requests.test.ts: pain 4: 1008, the model is not found or not supported for bidiGenerateContent: a model that is not live does not let the server start, and is named',
      'pains/refused-requests.test.ts: pain 4: 1008, the model is not found or not supported for bidiGenerateContent: one that the provider has not is told once, with the variable to set; the session stays',
    ],
  },
  {
    number: 5,
    complaint: 'The connection closes with 1007: the wrong modality, a model that is not live, a voice without speech',
    issues: ['google/adk-python#252', 'google/adk-python#2934', 'google/adk-python#4206', 'google/adk-docs#335'],
    here: 'What the model cannot do is not asked of it: it is refused here, or left out where it means nothing. What the provider refuses all the same is told in its own words.',
    tests: [
      'pains/refused-requests.test.ts: pain 5: 1007, the wrong modality, a model that is not live, a voice without speech: a model that only speaks is not asked for text: it speaks, and its words come as transcripts',
      'pains/refused-requests.test.ts: pain 5: 1007, the wrong modality, a model that is not live, a voice without speech: a voice is asked for where the agent speaks, and not where it writes',
      'pains/refused-requests.test.ts: pain 5: 1007, the wrong modality, a model that is not live, a voice without speech: what the model cannot do is refused before it is asked, with words',
      'pains/refused-requests.test.ts: pain 5: 1007, the wrong modality, a model that is not live, a voice without speech: what the provider says of a setup that it refuses is told in its own words, where the user sees it',
    ],
  },
  {
    number: 6,
    complaint: 'The connection closes with 1007 for text and images on gemini-3.1-flash-live',
    issues: ['google/adk-python#5018', 'google/adk-python#5098'],
    here: 'Text goes as that generation takes it, and so does the conversation that a fresh connection is told.',
    tests: [
      'pains/refused-requests.test.ts: pain 6: 1007 for text and images on gemini-3.1-flash-live: text, text again, images, and text after a lost connection are all answered',
      'pains/refused-requests.test.ts: pain 6: 1007 for text and images on gemini-3.1-flash-live: a conversation that is told anew, its handle refused, is taken too',
    ],
  },
  {
    number: 7,
    complaint: 'The connection closes with 1007 in the middle of a call, for an invalid audio format',
    issues: ['google/adk-python#5552'],
    here: 'What is no audio is refused with 400 before it gets there; samples that a piece splits are put together. Audio of any rate, of several at once too, goes on at the model’s own.',
    tests: [
      'pains/refused-requests.test.ts: pain 7: 1007 in the middle of a call for an invalid audio format: %s is refused here, with 400, and the call goes on',
      'pains/refused-requests.test.ts: pain 7: 1007 in the middle of a call for an invalid audio format: a long call from a microphone of another rate, whose pieces split samples, is never complained of',
    ],
  },
  {
    number: 8,
    complaint: 'A normal close, 1000, crashes the run',
    issues: ['google/adk-python#4587', 'google/adk-python#4914'],
    here: 'It is a lost connection like any other.',
    tests: [
      'pains/lost-connection.test.ts: pain 8: a normal close, 1000, crashes the run: in the middle of an answer, the answer is given anew',
      'pains/lost-connection.test.ts: pain 8: a normal close, 1000, crashes the run: between answers, nobody notices',
    ],
  },
  {
    number: 9,
    complaint: 'After `close()` the session lives on at the provider, a zombie',
    issues: ['google/adk-python#5226', 'google/adk-python#5228'],
    here: 'It ends, whatever the run is doing, and no connection follows; one that nobody closes ends after LINGER_MS.',
    tests: [
      'pains/ending.test.ts: pain 9: after close() the session lives on at the provider, a zombie: a run whose queue is closed ends, and its connection is not opened again, although there is a handle',
      'pains/ending.test.ts: pain 9: after close() the session lives on at the provider, a zombie: %s, too',
      'pains/ending.test.ts: pain 9: after close() the session lives on at the provider, a zombie: a session that a client closes leaves nothing at the provider',
      'pains/ending.test.ts: pain 9: after close() the session lives on at the provider, a zombie: a page that went away without a close leaves nothing either, once it has lingered',
    ],
  },
  {
    number: 10,
    complaint: 'Transparent resumption is forced, and the Gemini API refuses it',
    issues: ['google/adk-python#5771', 'google/adk-python#5675', 'google/adk-python#2179'],
    here: 'Handles everywhere, transparent on Vertex AI only.',
    tests: [
      'pains/resumption.test.ts: pain 10: transparent resumption is forced, and the Gemini API refuses it: on the Gemini API a lost connection is resumed by its handle, and nothing is said of transparent',
      'pains/resumption.test.ts: pain 10: transparent resumption is forced, and the Gemini API refuses it: on Vertex AI it is transparent',
    ],
  },
  {
    number: 11,
    complaint: 'No handle outlives a connection: a caller who comes back begins anew',
    issues: ['google/adk-python#4357', 'google/adk-python#4358'],
    here: 'The live session outlives its connections, and the conversation the live session. Who calls `runLive` gets the handles, too.',
    tests: [
      'pains/resumption.test.ts: pain 11: no handle that outlives a connection, so a caller who comes back begins anew: who comes back within LINGER_MS is in the same live session, and misses nothing',
      'pains/resumption.test.ts: pain 11: no handle that outlives a connection, so a caller who comes back begins anew: who comes back later finds the conversation, although the session at the provider is over',
      'pains/resumption.test.ts: pain 11: no handle that outlives a connection, so a caller who comes back begins anew: a caller of runLive is given each handle, and can resume with it in another run',
    ],
  },
  {
    number: 12,
    complaint: 'Sessions end after ten minutes in spite of compression; a resumption after video is refused with 1007',
    issues: ['googleapis/js-genai#618', 'googleapis/python-genai#2290'],
    here: 'Compression and resumption are on by themselves. A reply is finished before its connection is left; a handle that is refused gives way to the conversation, told anew.',
    tests: [
      'pains/resumption.test.ts: pain 12: sessions end after ten minutes in spite of compression: compression is on by itself, and each connection that is at its limit is followed by another, without a word lost',
      'pains/resumption.test.ts: pain 12: sessions end after ten minutes in spite of compression: a limit in the middle of an answer lets it finish',
      'pains/resumption.test.ts: pain 12: sessions end after ten minutes in spite of compression: a resumption that is answered with 1007, as after pictures, gives way to a fresh connection that knows the conversation',
    ],
  },
  {
    number: 13,
    complaint: 'An interruption is not told, only the end of the turn; the audio goes on',
    issues: ['google/adk-python#4460', 'google/adk-samples#1069', 'google/adk-java#462', 'google/adk-docs#362'],
    here: '`interrupted` always comes, before `turn_complete`, whatever was pending; the audio that was not written yet is dropped.',
    tests: [
      'pains/interruption.test.ts: pain 13: an interruption is not told, only turn_complete, and the audio goes on: spoken into speech, with its transcript pending, interrupted comes before turn_complete, and no audio after it',
      'pains/interruption.test.ts: pain 13: an interruption is not told, only turn_complete, and the audio goes on: spoken into an answer in text, of which a piece is pending, interrupted comes, too',
      'pains/interruption.test.ts: pain 13: an interruption is not told, only turn_complete, and the audio goes on: typed into an answer, interrupted comes, and then the answer to what was typed',
      'pains/interruption.test.ts: pain 13: an interruption is not told, only turn_complete, and the audio goes on: a reader that comes back later is told of it, and hears nothing of the audio that was cut',
    ],
  },
];
