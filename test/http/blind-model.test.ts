// Pictures for a model that takes none.
import { expect, test } from '@jest/globals';
import { runnerFor, startTalk } from '../agent/talk.ts';
import { FakeModel } from '../models/fake-model.ts';
import { picture, pictureBytes } from '../picture.ts';
import { exchange, post, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer } from './test-server.ts';

const PNG = { mime_type: 'image/png', data: picture('image/png') };
const REFUSAL = {
  error: 'blind-live takes no images',
  code: 'not_supported',
  retry: false,
  hint: 'leave the image out, or use a model that sees',
};

function blindModel(): FakeModel {
  return new FakeModel({
    name: 'blind-live',
    capabilities: { input: { rate: 16_000, images: [], turnDetection: ['server'] } },
    onInput: (connection, input) => {
      if (input.type !== 'text') throw new Error(`the model received ${input.type}`);
      connection.say('Hello.');
      connection.completeTurn();
    },
  });
}

test('an image is refused with 422 in every form, nothing of its body is used, and the conversation continues', async () => {
  const model = blindModel();
  const server = await startTestServer({}, { runner: runnerFor(model), emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me`);
  expect((await stream.untilNamed('session')).images).toEqual([]);
  const text = { mime_type: 'text/plain', data: 'what is this?' };
  const inline = { role: 'user', parts: [{ inline_data: PNG }, { text: 'what is this?' }] };
  const answers = [
    await exchange(server, '/send/me', {
      method: 'POST',
      headers: { 'Content-Type': 'image/jpeg' },
      body: pictureBytes('image/jpeg'),
    }),
    await post(server, PNG),
    await post(server, { blob: PNG }),
    await post(server, { content: inline }),
    await post(server, [text, PNG]),
    await post(server, { type: 'image', data: PNG.data, mimeType: 'image/png' }, '/send/me?dialect=adk'),
  ];
  for (const answer of answers) expect([answer.status, JSON.parse(answer.text)]).toEqual([422, REFUSAL]);
  await say(server, 'hello');
  await stream.nextTurn();
  expect(model.latest.received).toEqual([{ type: 'text', text: 'hello', images: [] }]);
});

test('an image in the queue of a run ends the run with not_supported, and the model never receives it', async () => {
  const model = blindModel();
  const talk = startTalk(runnerFor(model));
  talk.queue.sendRealtime(PNG);
  await expect(talk.done).rejects.toMatchObject({ code: 'not_supported', message: REFUSAL.error });
  expect(model.latest.received).toEqual([]);
});
