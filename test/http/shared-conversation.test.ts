import { describe, expect, test } from '@jest/globals';
import { picture } from '../picture.ts';
import { post, say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const open = (server: TestServer, query: string) => openStream(`${server.url}/events/me?${query}`);

describe('two readers of one conversation', () => {
  test('both get what one client has typed, once, with its id and the number of its pictures', async () => {
    const server = await startTestServer();
    const [phone, laptop] = [await open(server, 'client=phone'), await open(server, 'client=laptop')];
    await laptop.untilNamed('session');
    const { epoch } = await phone.untilNamed('session');
    const body = { client: 'phone', cseq: 1, ack: `${epoch}.0` };
    const image = { mime_type: 'image/png', data: picture('image/png') };
    const items = [image, { mime_type: 'text/plain', data: 'count to two' }];
    await post(server, { ...body, items });
    // A POST that is repeated because its response was lost.
    await post(server, { ...body, items });
    await say(server, 'thanks');
    for (const reader of [phone, laptop]) {
      await reader.until('two messages', () => reader.named('user_message').length === 2);
      expect(reader.named('user_message')).toEqual([
        { client: 'phone', text: 'count to two', pictures: 1 },
        { client: null, text: 'thanks', pictures: 0 },
      ]);
    }
  });

  test('get no message for the pictures of a camera, which have no words', async () => {
    const server = await startTestServer();
    const reader = await open(server, 'client=phone');
    for (let count = 0; count < 3; count += 1)
      await post(server, { mime_type: 'image/png', data: picture('image/png') });
    await say(server, 'count to two');
    await reader.nextTurn();
    expect(reader.named('user_message')).toEqual([{ client: null, text: 'count to two', pictures: 0 }]);
  });

  test('are told the settings that one of them has requested, and nothing if they stay the same', async () => {
    const server = await startTestServer();
    const phone = await open(server, 'client=phone');
    await phone.untilNamed('session');
    await open(server, 'client=laptop&voice=Puck&language=de-DE');
    expect(await phone.untilNamed('settings')).toMatchObject({ voice: 'Puck', language: 'de-DE', modality: 'TEXT' });
    await open(server, 'client=tablet&voice=Puck');
    await say(server, 'count to two');
    await phone.nextTurn();
    expect(phone.named('settings')).toHaveLength(1);
  });

  test('get the pictures and the calls of the conversation in a reset', async () => {
    const server = await startTestServer();
    const first = await open(server, 'client=phone');
    await first.untilNamed('session');
    await post(server, [
      { mime_type: 'image/png', data: picture('image/png') },
      { mime_type: 'text/plain', data: 'what time is it?' },
    ]);
    await first.nextTurn();
    const late = await open(server, 'client=late&since=lost');
    const { turns } = await late.untilNamed('reset');
    expect(turns).toMatchObject([
      { role: 'user', text: 'what time is it?', pictures: 1 },
      { role: 'model', tools: [{ name: 'current_time', state: 'done' }] },
    ]);
  });
});
