import { parseJson } from '../../../src/http/decode-body.ts';
import { readIds } from '../../../src/http/route-ids.ts';
import { matchRoute } from '../../../src/http/route-match.ts';
import { BareMessages, createsSession } from '../../../src/http/routes/bare-messages.ts';
import { decodeJsonPost } from '../../../src/http/routes/send.ts';
import { readRunLiveQuery } from '../../../src/http/run-live-query.ts';
import type { SessionHandle } from '../../../src/session/session-handle.ts';
import { adkDialect } from '../../../src/wire/dialects/adk.ts';
import { agentScopeDialect } from '../../../src/wire/dialects/agentscope.ts';
import type { Dialect, Frame } from '../../../src/wire/dialects/dialect.ts';
import type { ConnectionEvents } from '../../../src/wire/named-events.ts';
import { checkPost } from './check-post.ts';
import { BODIES, ID, PCM, PNG } from './client-surfaces.ts';
import { decode, expect, MAX_HEADERS, type Surface } from './surface.ts';

const SESSION_ID = 'session1';

/** Messages of ADK's pages. */
export const ADK_MESSAGES: readonly string[] = [
  '{"type":"text","text":"hello"}',
  `{"type":"image","data":"${PNG}","mimeType":"image/png"}`,
  `{"type":"audio","data":"${PCM}","mime_type":"audio/pcm;rate=16000"}`,
  '{"type":"activity_start"}',
  '[{"type":"text","text":"a"},{"type":"activity_end"}]',
  `{"blob":{"mime_type":"audio/pcm;rate=16000","data":"${PCM.replaceAll('/', '_').replaceAll('=', '')}"}}`,
  '{"activityStart":{},"audioStreamEnd":true,"close":false}',
  '{"content":{"role":"user","parts":[{"text":"hello"}]},"partial":true}',
  '{"content":{"parts":[{"functionResponse":{"id":"c1","name":"locate","response":{"lat":1}}}]}}',
  '{"tool_result":{"id":"c1","result":{"__proto__":{"polluted":true}}}}',
  '{"close":true}',
];

/** ClientEvents of AgentScope: all nine of them, and the forms of its page and its tutorial. */
export const AGENTSCOPE_MESSAGES: readonly string[] = [
  '{"type":"client_session_create","config":{"instructions":"Be brief.","agent_name":"Friday","user_name":"Ann","model_provider":"gemini"}}',
  '{"type":"client_session_create"}',
  '{"type":"client_session_end","session_id":"session1"}',
  '{"type":"client_response_create","session_id":"session1"}',
  '{"type":"client_response_cancel","session_id":"session1"}',
  `{"type":"client_image_append","session_id":"session1","image":"${PNG}","format":{"type":"image/png"}}`,
  `{"type":"client_image_append","data":"${PNG}","format":{"mime_type":"image/png"}}`,
  '{"type":"client_text_append","session_id":"session1","text":"hi"}',
  `{"type":"client_audio_append","session_id":"session1","audio":"${PCM}","format":{"type":"audio/pcm","rate":16000}}`,
  `{"type":"client_audio_append","audio":"${PCM}","format":{"encoding":"pcm16","sample_rate":24000}}`,
  '{"type":"client_audio_append","audio":"AAA=","format":{"type":{"toString":1},"rate":{"valueOf":1}}}',
  '{"type":"client_audio_commit","session_id":"session1"}',
  '{"type":"client_tool_result","session_id":"session1","id":"c1","name":"f","output":"text"}',
  '{"type":"client_tool_result","id":"c1","name":"f","output":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}',
  '[{"type":"client_session_create","config":{"agent_name":"A"}},{"type":"client_session_create","config":{}}]',
];

/** Decodes a body of a dialect as the route of POSTs does, and applies it. */
function checkBody(input: string, dialect: Dialect): void {
  const json = decode(() => parseJson(Buffer.from(input, 'latin1')));
  if ('refusal' in json) return;
  const post = decode(() => decodeJsonPost(json.value, { dialect, sessionId: SESSION_ID }, false));
  if ('value' in post) checkPost(post.value);
  expect(({} as Record<string, unknown>).polluted === undefined, 'the prototype of all objects was changed');
}

/** What a page that has not chosen its dialect is told. */
class TalkingPage {
  readonly written: Record<string, unknown>[] = [];
  readonly #messages: BareMessages;

  constructor() {
    // A page needs no more of its session than the names.
    const session = { info: { userId: 'ann', sessionId: SESSION_ID, modality: 'AUDIO' } } as unknown as SessionHandle;
    const sessionEvent = { session_id: SESSION_ID, agent: 'attacked' } as unknown as ConnectionEvents['session'];
    const write = ({ event, data }: Frame) => {
      expect(!/[\r\n]/.test(data), 'a message for a page has several lines');
      if (event === undefined) this.written.push(JSON.parse(data));
    };
    const onDialect = () => {};
    this.#messages = new BareMessages({
      dialect: adkDialect,
      isDialectChosen: false,
      session,
      sessionEvent,
      onDialect,
      write,
    });
  }

  get sessions(): number {
    return this.written.filter(({ type }) => type === 'server_session_created').length;
  }

  send(frame: string): void {
    const json = decode(() => parseJson(Buffer.from(frame, 'latin1')));
    if ('refusal' in json) {
      this.#messages.answer(json.refusal.body());
      return;
    }
    const body = this.#messages.decode(json.value);
    checkPost({ body });
    if ('refusal' in body) this.#messages.answer(body.refusal);
    else if (createsSession(body)) this.#messages.answer({ status: 'sent', next: 1, written: null });
  }
}

/** What pages of other servers send. */
export const pageSurfaces: readonly Surface[] = [
  { name: 'message of ADK', seeds: [...ADK_MESSAGES, ...BODIES], check: (input) => checkBody(input, adkDialect) },
  {
    name: 'message of AgentScope',
    seeds: AGENTSCOPE_MESSAGES,
    check: (input) => checkBody(input, agentScopeDialect),
  },
  {
    name: 'first frames of a page',
    seeds: [
      `${AGENTSCOPE_MESSAGES[0]}\n${AGENTSCOPE_MESSAGES[7]}\n${AGENTSCOPE_MESSAGES[0]}`,
      `${ADK_MESSAGES[0]}\n${AGENTSCOPE_MESSAGES[1]}`,
      `{"type":"client_session_create","config":{"model_provider":"acme"}}\n${AGENTSCOPE_MESSAGES[1]}\n[]`,
    ],
    check(input) {
      const page = new TalkingPage();
      for (const frame of input.split('\n').slice(0, 10)) page.send(frame);
      expect(page.sessions <= 1, `a page was told of ${page.sessions} sessions`);
    },
  },
  {
    name: 'query of /run_live',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      '/run_live?app_name=attacked&user_id=ann&session_id=s1&modalities=AUDIO&proactive_audio=true&enable_affective_dialog=no',
      '/run_live/?user_id=7&modalities=TEXT&save_live_blob=false&enable_session_resumption=1&explicit_vad_signal=on',
      'http://localhost:8000/run_live?user_id=%61nn#x',
    ],
    check(input) {
      const match = matchRoute(input);
      if (match?.name !== 'run_live') return;
      const ids = decode(() => readIds(match.userId, match.sessionId));
      if ('value' in ids) {
        const { userId, sessionId } = ids.value;
        expect(ID.test(userId) && ID.test(sessionId), 'an invalid id was accepted');
      }
      const read = decode(() => readRunLiveQuery(input, ['attacked']));
      if ('refusal' in read) return;
      const { responseModalities: [modality] = [] } = read.value.runConfig;
      expect(modality === 'AUDIO' || modality === 'TEXT', `the modality ${modality} was accepted`);
    },
  },
];
