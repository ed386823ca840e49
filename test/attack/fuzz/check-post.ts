import type { AgentCard } from '../../../src/agent/run/runner.ts';
import { ClientCalls } from '../../../src/session/client-calls.ts';
import { Inbox } from '../../../src/session/inbox.ts';
import { PostReceiver, type PostReceiverOptions } from '../../../src/session/post-receiver.ts';
import { checkSessionConfig } from '../../../src/session/session-config-rules.ts';
import type { ClientPost } from '../../../src/session/session-handle.ts';
import { isBase64 } from '../../../src/wire/base64.ts';
import type { SessionConfig } from '../../../src/wire/session-config.ts';
import { checkRefusal, expect } from './surface.ts';

/** Epoch of the session that the POSTs are for. */
export const EPOCH = 'epoch-of-the-fuzzer_01';

const CARD: AgentCard = {
  appName: 'attacked',
  agent: 'attacked',
  model: 'none',
  provider: 'gemini',
  acceptsPersona: true,
  audioOnly: false,
  inputRate: 16_000,
  outputRate: 24_000,
};

/** Applies a POST to the receiver of a new session. @throws if a refused POST had an effect, or the answer is not one of the protocol */
function applyPost({ envelope, body }: ClientPost): void {
  let applied = 0;
  const options = {
    log: { epoch: EPOCH },
    connections: { acknowledge: () => {} },
    runs: {
      hasRoomFor: () => true,
      send: (requests: readonly unknown[]) => {
        applied += requests.length;
      },
      finish: () => {
        applied += 1;
      },
    },
    limits: { markActivity: () => {} },
    calls: createOpenCalls(),
    memory: { refusesInput: () => false },
    account: { isAudioExhausted: false, chargeAudio: () => {} },
    manualActivity: false,
    runner: { card: CARD },
    checkConfig: (config: SessionConfig) => checkSessionConfig(config, CARD),
    configure: () => {
      applied += 1;
    },
    // The receiver uses no more than this of the parts of a session.
  } as unknown as PostReceiverOptions;
  const answer = new PostReceiver(new Inbox(), options).receive(envelope, body, false);
  if ('refusal' in answer) {
    checkRefusal(answer.refusal);
    expect(applied === 0, 'a part of a refused body was applied');
  } else {
    expect(answer.status === 'sent' || answer.status === 'held', `answered ${answer.status}`);
    expect(answer.status === 'sent' || applied === 0, 'a part of a held body was applied');
  }
  JSON.stringify(answer);
}

/** Calls of which `c1` waits for the result of a client. */
function createOpenCalls(): ClientCalls {
  const calls = new ClientCalls();
  const parts = [{ functionCall: { id: 'c1', name: 'locate', args: {} } }];
  calls.apply({ id: 'e', invocationId: 'i', author: 'a', timestamp: 0, content: { parts }, clientToolIds: ['c1'] });
  return calls;
}

/** Checks what a body was decoded to, and applies it to the receiver of a new session. */
export function checkPost(post: ClientPost): void {
  if ('refusal' in post.body) checkRefusal(post.body.refusal);
  else {
    expect(post.body.requests.length <= 1_000, 'more than 1,000 requests in a body');
    for (const { request, bytes } of post.body.requests) {
      expect(Object.keys(request).length > 0, 'an empty request was decoded');
      expect(bytes >= 0 && Number.isFinite(bytes), `a request has ${bytes} bytes`);
      const { blob } = request;
      if (blob) expect(isBase64(blob.data), 'a blob is not base64');
    }
  }
  applyPost(post);
}
