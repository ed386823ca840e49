import { expect, test } from '@jest/globals';
import type { UnparsableFrame } from '../../../src/models/provider-socket.ts';
import { closesAfterEach } from '../cleanup.ts';
import { eventsUntil, KEY, modelAt, never, TEXT } from './gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from './scripted-gemini.ts';

const closing = closesAfterEach();

async function scripted(options?: ScriptedGeminiOptions) {
  return closing(await startScriptedGemini(options));
}

test.each([
  ['', '/ws/google.ai'],
  ['/', '/ws/google.ai'],
  ['/proxy/a', '/proxy/a/ws/google.ai'],
  ['/proxy/a/', '/proxy/a/ws/google.ai'],
])('SdkSocket connects below base URL %j to a path with single slashes: %s…', async (base, start) => {
  const server = await scripted();
  closing(await modelAt(`${server.url}${base}`, { apiVersion: 'v1alpha' }).connect(TEXT, never));
  expect((await server.connection(0)).path).toBe(
    `${start}.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent?key=${KEY}`,
  );
});

test('SdkSocket does not pass setupComplete to the SDK before the setup was sent', async () => {
  const server = await scripted({ onOpen: (connection) => connection.completeSetup(), onSetup: () => {} });
  const connecting = modelAt(server.url, { connectTimeoutMs: 200 }).connect(TEXT, never);
  await expect(connecting).rejects.toMatchObject({ code: 'model_unreachable' });
});

test('SdkSocket reports unparsable frames before setupComplete, and the connection opens', async () => {
  const unparsable: UnparsableFrame[] = [];
  const malformed = { usageMetadata: 5, serverContent: { modelTurn: { parts: 5 } } };
  const server = await scripted({
    onSetup: (peer) => {
      peer.send('not JSON');
      peer.send(malformed);
      peer.completeSetup();
    },
  });
  const onUnparsableFrame = (frame: UnparsableFrame) => unparsable.push(frame);
  const options = { onUnparsableFrame, vertexai: true, apiVersion: 'v1beta1' };
  const connection = closing(await modelAt(server.url, options).connect(TEXT, never));
  (await server.connection(0)).say('hello');
  expect((await eventsUntil(connection, 'text')).map(({ type }) => type)).toEqual(['text']);
  expect(unparsable).toEqual([{ problem: 'not_json', bytes: 8 }]);
});

test('SdkSocket stays open if the function that is given unparsable frames throws', async () => {
  const server = await scripted({
    onSetup: (peer) => {
      peer.send('not JSON');
      peer.completeSetup();
    },
  });
  const onUnparsableFrame = () => {
    throw new Error('the disk is full');
  };
  const connection = closing(await modelAt(server.url, { onUnparsableFrame }).connect(TEXT, never));
  (await server.connection(0)).say('hello');
  expect((await eventsUntil(connection, 'text')).at(-1)).toMatchObject({ text: 'hello' });
});

test('SdkSocket keeps what the server sends before setupComplete', async () => {
  const server = await scripted({
    onSetup: (peer) => {
      peer.say('early');
      peer.completeSetup();
    },
  });
  const connection = closing(await modelAt(server.url).connect(TEXT, never));
  expect((await eventsUntil(connection, 'text')).at(-1)).toMatchObject({ text: 'early' });
});
